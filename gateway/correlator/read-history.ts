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

/** What was accepted together is told together, unless it is as much as several portions. */
const maxTogether = 4 * portion;

/**
 * Accepted messages, in portions that follow each other, each in the order of arrival; what arrived at one time stands in
 * one of them, or those with lesser ids would seem to come late in the next. What follows is read while the portion at
 * hand is worked on: both engines read and parse in a thread of their own.
 * @throws CausewayError `store-unavailable`
 */
export async function* readHistory(
  store: HistoryStore,
  agreement: Agreement,
  { after, since, now }: HistoryOptions,
): AsyncGenerator<readonly StoredEvent[], void, undefined> {
  const arrivals = new Arrivals(now);
  const readAfter = (position: number): Promise<readonly Acceptance[]> => {
    const reading = store.readAcceptances(position, portion, since);
    // Whoever stops before the end never learns whether this failed.
    reading.catch(() => undefined);
    return reading;
  };
  const correct = (acceptance: Acceptance): Acceptance => arrivals.correct(acceptance);
  let told = (await readAfter(after)).map(correct);
  let reading = readAfter(told.at(-1)?.position ?? after);
  for (let last = told.at(-1); last !== undefined; last = told.at(-1)) {
    const { at } = last;
    const following = (await reading).map(correct);
    const end = following.at(-1);
    if (end !== undefined) reading = readAfter(end.position);
    const others = following.findIndex((acceptance) => acceptance.at !== at);
    const together = told.length > maxTogether ? 0 : others < 0 ? following.length : others;
    for (const acceptance of following.slice(0, together)) told.push(acceptance);
    if (together > 0 && together === following.length) continue;
    yield told
      .map((acceptance) => storedEventOf(acceptance, agreement))
      .sort((a, b) => byArrival(a.event, b.event));
    told = following.slice(together);
  }
}
