/** What operators and the audit log are told when there is another level of room on the disk. */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { RecordEntry } from '../store/port.ts';
import { consequences, type RoomLeft, type RoomLevel } from './disk-room.ts';

/** `refused`: messages since the report before, by agency. */
type RoomFacts = RoomLeft & {
  readonly floorMebibytes: number;
  readonly refused: Readonly<Record<string, number>>;
};

export type RoomReport = {
  readonly severity: 'info' | 'warn' | 'error';
  readonly text: string;
  /** What senders are told. */
  readonly code?: ErrorCode;
  readonly record: RecordEntry;
};

const findings: Readonly<Record<RoomLevel, string>> = {
  enough: 'enough disk space again',
  scarce: 'little disk space left',
  short: 'short of disk space',
  full: 'hardly any disk space left',
};

export function reportRoom(level: RoomLevel, facts: RoomFacts): RoomReport {
  const text = `${findings[level]}: ${consequences[level]}`;
  const kind = level === 'enough' ? 'submissions.resumed' : 'submissions.paused';
  const record = { kind, level, ...facts };
  if (level === 'enough') return { severity: 'info', text, record };
  if (level === 'scarce') return { severity: 'warn', text, record };
  return { severity: 'error', text, record, code: 'store-unavailable' };
}
