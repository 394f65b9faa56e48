/** From an accepted message to what the correlator needs of it: the envelope says it all, the payload nothing. */
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import type { Agency } from '../policy/agencies.ts';
import type { Category } from '../policy/categories.ts';
import type { Acceptance } from '../store/port.ts';
import { describeEvent } from './describe-event.ts';
import type { CorrelatorEvent } from './event.ts';

/** What the sharing agreement knows of senders and categories. */
export type Agreement = {
  readonly agencies: ReadonlyMap<string, Agency>;
  readonly categories: ReadonlyMap<string, Category>;
};

/** An accepted message with its place in the order of acceptance. */
export type StoredEvent = {
  readonly position: number;
  readonly event: CorrelatorEvent;
  readonly subjects: readonly PackedTokens[];
  /** As much of it as history tells. */
  readonly envelope: Pick<
    Envelope,
    'id' | 'source' | 'category' | 'severity' | 'to' | 'thread' | 'inReplyTo'
  >;
};

export function storedEventOf(acceptance: Acceptance, agreement: Agreement): StoredEvent {
  const { position, at: arrived, id, time, source, category, severity, subjects } = acceptance;
  const notice = { id, time, arrived, source, category, severity, subjects: Math.max(1, subjects.length) };
  return { position, event: describeEvent(notice, agreement), subjects, envelope: acceptance };
}
