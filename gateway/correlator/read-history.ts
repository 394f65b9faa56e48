/** History as the correlator is told it: one way of reading for the live run and for replays, whatever the engine. */
import { clockSkewMs } from '../store/clock-skew.ts';
import type { Acceptance, Store } from '../store/port.ts';
import { storedEventOf, type Agreement, type StoredEvent } from './stored-event.ts';
import { byArrival } from './event.ts';

export type HistoryStore = Pick<Store, 'readAcceptances'>;

export type HistoryOptions = {
  /** The position after which to begin; 0 for the first. */
  readonly after: number;
  /** What was accepted before this time is left out, ms since 1970. */
  readonly since: number;
  /** The present, ms since 1970. */
  readonly now: number;
};

const portion = 1000;

/**
 * When messages arrived, told in the order of acceptance. A clock that stood ahead may say that one arrives in months:
 * until then all others would seem to come too late or to be long past. It came soon after the one before it.
 */
class Arrivals {
  readonly #latest: number;
  #before = 0;

  /** @param now ms since 1970 */
  constructor(now: number) {
    this.#latest = now + clockSkewMs;
  }

  correct(acceptance: Acceptance): Acceptance {
    const { at, time } = acceptance;
    const arrived = at <= this.#latest ? at : Math.max(this.#before, Math.min(time, this.#latest));
    this.#before = arrived;
    return arrived === at ? acceptance : { ...acceptance, at: arrived };
  }
}

/**
 * Accepted messages, in portions that follow each other, each in the order of arrival. The next portion is read while
 * the one at hand is worked on: both engines read and parse in a thread of their own.
 * @throws CausewayError `store-unavailable`
 */
export async function* readHistory(
  store: HistoryStore,
  agreement: Agreement,
  { after, since, now }: HistoryOptions,
): AsyncGenerator<readonly StoredEvent[], void, undefined> {
  const arrivals = new Arrivals(now);
  let reading = store.readAcceptances(after, portion, since);
  for (;;) {
    const acceptances = await reading;
    const last = acceptances.at(-1);
    if (last === undefined) return;
    reading = store.readAcceptances(last.position, portion, since);
    // Whoever stops before the end never learns whether this failed.
    reading.catch(() => undefined);
    yield acceptances
      .map((acceptance) => storedEventOf(arrivals.correct(acceptance), agreement))
      .sort((a, b) => byArrival(a.event, b.event));
  }
}
