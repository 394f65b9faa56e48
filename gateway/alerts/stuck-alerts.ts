/**
 * Alerts that can be neither sent nor recorded, by a fault of the gateway or for something damaged in the store. They must
 * not keep back those behind them, and must not be lost either: the gateway that raised them tries them at each of its
 * looks. The log alone has them until then, with their evidence; a gateway that ends takes them with it.
 */
import type { Logger } from 'pino';
import { alertKey, type Alert } from '../correlator/alert.ts';
import { noRenewal, type Renew } from '../correlator/renew.ts';
import type { Lease } from '../store/port.ts';
import { isLasting } from './lasting-failure.ts';

export type StuckAlertsDependencies = {
  /** See `AlertSender.send`. */
  readonly send: (alert: Alert, lease: Lease) => Promise<void>;
  readonly log: Pick<Logger, 'fatal' | 'info'>;
};

/** How many are held: a newer one takes the place of the oldest. */
export const maxStuck = 256;

export class StuckAlerts {
  readonly #deps: StuckAlertsDependencies;
  readonly #stuck = new Map<string, Alert>();

  constructor(deps: StuckAlertsDependencies) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#stuck.size;
  }

  /**
   * Sends an alert, or records that it reached nobody, or holds it.
   * @throws CausewayError a retryable one when it may succeed later, `lease-lost`
   */
  async send(alert: Alert, lease: Lease): Promise<void> {
    const { send, log } = this.#deps;
    try {
      await send(alert, lease);
    } catch (error) {
      if (!isLasting(error)) throw error;
      this.#stuck.set(alertKey(alert), alert);
      const [oldest] = this.#stuck.keys();
      if (this.#stuck.size > maxStuck && oldest !== undefined) this.#stuck.delete(oldest);
      const { pattern, tier, level, firedAt, events } = alert;
      const evidence = events.map(({ id, source }) => ({ id, source }));
      log.fatal(
        { err: error, event: 'alert-stuck', pattern: pattern.key, tier, level, firedAt, evidence },
        'alert neither sent nor recorded',
      );
    }
  }

  /** Tries those that are held. @throws CausewayError as {@link send} */
  async retry(lease: Lease, renew: Renew = noRenewal): Promise<void> {
    const { send, log } = this.#deps;
    for (const [key, alert] of this.#stuck) {
      await renew();
      try {
        await send(alert, lease);
      } catch (error) {
        // It was told when it began.
        if (isLasting(error)) continue;
        throw error;
      }
      this.#stuck.delete(key);
      log.info({ pattern: alert.pattern.key, firedAt: alert.firedAt }, 'stuck alert sent or recorded');
    }
  }
}
