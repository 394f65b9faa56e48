/** History as the correlator is told it: one way of reading for the live run and for replays, whatever the engine. */
import type { Store } from '../store/port.ts';
import { storedEventOf, type Agreement, type StoredEvent } from './stored-event.ts';
import { byArrival } from './event.ts';

export type HistoryStore = Pick<Store, 'readAcceptances'>;

export type HistoryOptions = {
  /** The position after which to begin; 0 for the first. */
  readonly after: number;
  /** What was accepted before this time is left out, ms since 1970. */
  readonly since: number;
};

const portion = 1000;

/**
 * Accepted messages, in portions that follow each other, each in the order of arrival. The next portion is read while
 * the one at hand is worked on: both engines read and parse in a thread of their own.
 * @throws CausewayError `store-unavailable`
 */
export async function* readHistory(
  store: HistoryStore,
  agreement: Agreement,
  { after, since }: HistoryOptions,
): AsyncGenerator<readonly StoredEvent[], void, undefined> {
  let reading = store.readAcceptances(after, portion, since);
  for (;;) {
    const acceptances = await reading;
    const last = acceptances.at(-1);
    if (last === undefined) return;
    reading = store.readAcceptances(last.position, portion, since);
    // Whoever stops before the end never learns whether this failed.
    reading.catch(() => undefined);
    yield acceptances
      .map((acceptance) => storedEventOf(acceptance, agreement))
      .sort((a, b) => byArrival(a.event, b.event));
  }
}
