/**
 * What the log is told of the life of a gateway: what it was started with, that its own certificate was renewed, and that it
 * ended in good order. A start to which no end is told was killed, or still runs.
 */
import { randomUUID, X509Certificate } from 'node:crypto';
import { digestOf } from '../protocol/proof/merkle.ts';
import type { Digest } from '../protocol/ids.ts';
import { startedRecord } from './agreement-records.ts';
import type { Pattern } from './correlator/patterns/pattern.ts';
import type { GatewaySettings } from './home/gateway-settings.ts';
import { settingsDigest } from './home/settings-digest.ts';
import type { GatewayOptions } from './open-gateway.ts';
import { inTime } from './platform/in-time.ts';
import type { RecordEntry, Store } from './store/port.ts';

/** A store that does not answer must not hold up an end. */
const endPatienceMs = 2_000;

type StartOptions = Pick<GatewayOptions, 'host' | 'port' | 'store' | 'quotas'> & {
  readonly home: Pick<GatewayOptions['home'], 'tls' | 'isRenewed' | 'settings'>;
};

type Parts = {
  readonly store: Pick<Store, 'appendRecords'>;
  readonly onError: (error: unknown) => void;
};

export class LifeRecords {
  readonly #options: StartOptions;
  readonly #parts: Parts;
  /** Ties an end to its start: several gateways may write to one log. */
  readonly #run = randomUUID();

  constructor(options: StartOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** @param policy digest of the agreement, with these patterns */
  async started(policy: Digest, patterns: readonly Pattern[]): Promise<void> {
    const { home } = this.#options;
    const { raw, validToDate } = new X509Certificate(home.tls.cert);
    const tlsThumbprint = digestOf(raw);
    const renewal = { kind: 'gateway.certificate-renewed', tlsThumbprint, expires: validToDate.getTime() };
    const start: RecordEntry = {
      ...startedRecord(policy, patterns),
      ...{ run: this.#run, settings: settingsDigest(settingsInForce(this.#options)), tlsThumbprint },
    };
    await this.#parts.store.appendRecords(home.isRenewed ? [renewal, start] : [start]);
  }

  /** A step of the start: where it fails, that is an end too. */
  async orStopped<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      await this.stopped();
      throw error;
    }
  }

  /** Never throws, and waits for a short time only. Nothing of this gateway may follow in the log. */
  async stopped(): Promise<void> {
    const record = { kind: 'gateway.stopped', run: this.#run };
    await inTime(this.#parts.store.appendRecords([record]), endPatienceMs).catch(this.#parts.onError);
  }
}

/** What was asked of this start counts for more than the file. */
function settingsInForce({ home: { settings }, host, port, store, quotas }: StartOptions): GatewaySettings {
  return {
    ...settings,
    ...{ host: host ?? settings.host, port: port ?? settings.port, store: store ?? settings.store },
    quotas: { ...settings.quotas, ...quotas },
  };
}
