/** What operators and the audit log are told when there is another level of room on the disk. */
import type { ErrorCode } from '../protocol/errors.ts';
import type { RoomLeft, RoomLevel } from './disk-room.ts';
import type { RecordEntry } from './store/port.ts';

/** `refused`: messages since the report before. */
type RoomFacts = RoomLeft & { readonly floorMebibytes: number; readonly refused: number };

export type RoomReport = {
  readonly severity: 'info' | 'warn' | 'error';
  readonly text: string;
  /** What senders are told. */
  readonly code?: ErrorCode;
  readonly record: RecordEntry;
};

export function reportRoom(level: RoomLevel, facts: RoomFacts): RoomReport {
  switch (level) {
    case 'enough':
      return {
        severity: 'info',
        text: 'enough disk space again: new messages are taken',
        record: { kind: 'submissions.resumed', ...facts },
      };
    case 'scarce':
      return {
        severity: 'warn',
        text: 'little disk space left: agencies that sent much lately are refused for now',
        record: { kind: 'submissions.paused', concerns: 'agencies that sent much', ...facts },
      };
    case 'short':
      return {
        severity: 'error',
        text: 'short of disk space: new messages are refused for now',
        code: 'store-unavailable',
        record: { kind: 'submissions.paused', concerns: 'all', ...facts },
      };
  }
}
