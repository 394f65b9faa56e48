/**
 * Alerts for which nobody was enrolled whom the agreement names, and such as could not be made. Each is tried again when
 * the directory has changed, when a gateway begins or has another agreement, and every hour, until it is sent or too old.
 *
 * The newest of them are remembered in marks, by their leaf `alert.unsent`: what is to be told stands there and in the
 * notices of its evidence. So any gateway can send them, and nothing of them is held in memory.
 */
import type { Logger } from 'pino';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { readAlertRecord, type AlertRecord } from '../correlator/alert-record.ts';
import type { Alert } from '../correlator/alert.ts';
import type { CorrelatorEvent } from '../correlator/event.ts';
import type { Pattern } from '../correlator/patterns/pattern.ts';
import { noRenewal, type Renew } from '../correlator/renew.ts';
import { unlessLasting } from './lasting-failure.ts';
import { keptEnvelope } from '../store/kept-envelope.ts';
import type { Lease, Store } from '../store/port.ts';

type MarkStore = Pick<Store, 'readMarks' | 'setMarks'>;

export type UnsentAlertsDependencies = {
  readonly store: MarkStore & Pick<Store, 'readLeaves' | 'readEvidence'>;
  readonly now: () => number;
  /** Those in force: an alert of any other is not sent any more. */
  readonly patterns: readonly Pattern[];
  readonly directory: { readonly version: number };
  /** See `AlertSender.sendAgain`. */
  readonly send: (alert: Alert, lease: Lease) => Promise<boolean>;
  readonly log: Pick<Logger, 'error'>;
};

/** How many are remembered: a newer one takes the place of the oldest. */
export const maxUnsent = 256;
/** So long after it was raised an alert is still tried: as long as it would have waited for its recipients. */
export const unsentForMs = 30 * 24 * 3_600_000;

/** What keeps an alert from being made may be over without any change that can be seen. */
const retryMs = 3_600_000;

/** The directory's version that was tried last; 0 where a newer alert has not been tried with it. */
const triedMark = 'alerts.unsent-tried';
const placeMarks = Array.from({ length: maxUnsent }, (_, place) => `alerts.unsent-${String(place)}`);

/**
 * Where an alert that reached nobody, or could not be made, is to be remembered: the mark to be set together with its
 * `alert.unsent`.
 * @param isForWant nobody was there to have it: the directory may have changed since, so it is tried again at once
 * @throws CausewayError `store-unavailable`, `lease-lost`
 */
export async function placeForUnsent(
  store: MarkStore,
  { lease, isForWant }: { readonly lease: Lease; readonly isForWant: boolean },
): Promise<string> {
  const kept = await store.readMarks();
  if (isForWant) await store.setMarks(new Map([[triedMark, 0]]), lease);
  const valueOf = (name: string): number => kept.get(name) ?? 0;
  return placeMarks.reduce((least, one) => (valueOf(one) < valueOf(least) ? one : least));
}

export class UnsentAlerts {
  readonly #deps: UnsentAlertsDependencies;
  /** When this gateway tried them last; undefined before it has. */
  #triedAt: number | undefined;

  constructor(deps: UnsentAlertsDependencies) {
    this.#deps = deps;
  }

  /**
   * Tries to send them, where that may have become possible since they were tried last, and every hour.
   * @throws CausewayError a retryable one when it may succeed later, `lease-lost`
   */
  async retry(lease: Lease, renew: Renew = noRenewal): Promise<void> {
    const { store, directory, now } = this.#deps;
    const kept = await store.readMarks();
    const { version } = directory;
    const begunAt = now();
    // A clock that was set back must not have them wait for longer.
    const isRecent = this.#triedAt !== undefined && Math.abs(begunAt - this.#triedAt) < retryMs;
    if (isRecent && kept.get(triedMark) === version) return;
    for (const name of placeMarks) {
      const value = kept.get(name) ?? 0;
      if (value > 0) await renew();
      if (value > 0 && (await this.#tryOne(value - 1, lease)))
        await store.setMarks(new Map([[name, 0]]), lease);
    }
    if (kept.get(triedMark) !== version) await store.setMarks(new Map([[triedMark, version]]), lease);
    this.#triedAt = begunAt;
  }

  /** @returns whether it is done; one that fails for good, as where the log is broken, waits while the others go on */
  async #tryOne(index: number, lease: Lease): Promise<boolean> {
    const work = async (): Promise<boolean> => this.#isDone(index, lease);
    return unlessLasting(work, (err) => {
      this.#deps.log.error({ err, leaf: index }, 'unsent alert not tried');
      return false;
    });
  }

  /** True when it was sent, and when it never will be: it is too old, or erased. */
  async #isDone(index: number, lease: Lease): Promise<boolean> {
    const { store, now, patterns, send } = this.#deps;
    const [leaf] = await store.readLeaves(index, 1);
    if (leaf?.tampered !== undefined)
      throw new CausewayError('store-damaged', { detail: `It is leaf ${index}.` });
    const record = leaf && readAlertRecord(leaf.entry);
    if (record === undefined || record.firedAt < now() - unsentForMs) return true;
    const pattern = patterns.find(({ id, version }) => id === record.pattern && version === record.version);
    if (pattern === undefined) return false;
    const alert = await this.#readAlert(record, pattern);
    if (alert === 'erased') return true;
    return alert !== undefined && (await send(alert, lease));
  }

  /** The alert as it was raised; undefined where any of its evidence is damaged, which somebody may mend yet. */
  async #readAlert(record: AlertRecord, pattern: Pattern): Promise<Alert | 'erased' | undefined> {
    const { tier, level, firedAt, links, missing } = record;
    const events: CorrelatorEvent[] = [];
    for (const [nth, id] of record.events.entries()) {
      const event = await this.#readEvent(id, record.sources[nth] as EndpointAddress);
      if (event === undefined || event === 'erased') return event;
      events.push(event);
    }
    const completedAt = Math.max(...events.map(({ time }) => time));
    return { pattern, tier, level, firedAt, completedAt, events, links, missing };
  }

  async #readEvent(
    id: AlertRecord['message'],
    source: EndpointAddress,
  ): Promise<CorrelatorEvent | 'erased' | undefined> {
    const found = (await this.#deps.store.readEvidence(id)).find((one) => one.source === source);
    if (found?.unit.byteLength === 0) return 'erased';
    const envelope = found && keptEnvelope(found);
    if (envelope === undefined) return undefined;
    const { category, severity, time } = envelope;
    const at = Date.parse(time);
    return { id, source, category, severity, time: at, arrived: at };
  }
}
