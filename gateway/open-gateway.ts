/** What a gateway reads before it starts: the sharing agreement with its patterns, the store, the directory. */
import type { Logger } from 'pino';
import { correlatorAddress } from '../protocol/ids.ts';
import { PatternHolder } from './correlator/pattern-holder.ts';
import { enrolCorrelator } from './identity/correlator-identity.ts';
import { EndpointDirectory } from './identity/directory.ts';
import type { GatewayHome } from './home/gateway-home.ts';
import type { QuotaSettings } from './home/gateway-settings.ts';
import { refuseEmptyStore, refuseMissingStore } from './lost-store.ts';
import { lockForOneGateway, openStore } from './open-store.ts';
import { PolicyHolder } from './policy/policy-holder.ts';
import type { Store } from './store/port.ts';
import { damageBehind } from './store/store-damage.ts';

export type GatewayOptions = {
  readonly home: GatewayHome;
  readonly log: Logger;
  /** Overrides the home's settings. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** A file of the embedded store, or `mongodb://…`. */
  readonly store?: string | undefined;
  readonly quotas?: Partial<QuotaSettings>;
  /** Bytes that are free on the disk of the embedded store. For tests. */
  readonly readFreeBytes?: () => Promise<number>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** A clock that nobody sets, ms. For tests. */
  readonly monotonicMs?: () => number;
};

export type OpenedGateway = {
  readonly store: Store;
  readonly policy: PolicyHolder;
  readonly patterns: PatternHolder;
  readonly directory: EndpointDirectory;
  /** When the newest leaf was committed before this start, ms since 1970; undefined where there is none. */
  readonly newestLeafAt: number | undefined;
  /** Closes the store and gives its lock back; a second call does nothing more. */
  readonly close: () => Promise<void>;
};

/**
 * Opens everything; nothing stays open where that fails.
 * @throws CausewayError `policy-invalid`, `home-invalid`, `clock-wrong`, `store-missing`, `store-incompatible`,
 * `store-damaged`, `store-unavailable`, `store-in-use`
 */
export async function openGateway({ home, log, now, ...options }: GatewayOptions): Promise<OpenedGateway> {
  const address = options.store ?? home.store;
  await refuseMissingStore(home, address);
  const lock = await lockForOneGateway(address);
  try {
    const patterns = new PatternHolder(home.policiesDir);
    const policy = await PolicyHolder.load(home.policiesDir, (next) => patterns.check(next));
    const store = await openStore(address, {
      ...home.storeKeys,
      upgrade: true,
      onError: (error) => log.error(watchFailure(error), 'store watch failed'),
      ...(now === undefined ? {} : { clock: now }),
    });
    const close = once(async () => {
      await store.close();
      lock.release();
    });
    try {
      await refuseEmptyStore(home, store, address);
      // First: the start itself adds leaves.
      const newestLeafAt = await readNewestLeafAt(store);
      const directory = await EndpointDirectory.open(store, (endpoint, how) =>
        log.error({ code: 'store-damaged', endpoint }, rowLost[how]),
      );
      // Where its own row was put back or is gone, it is enrolled again.
      const correlator = directory.get(correlatorAddress);
      if (await enrolCorrelator(home.correlatorKeys, store, correlator, (now ?? Date.now)()))
        await directory.reload();
      return { store, policy, patterns, directory, newestLeafAt, close };
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function watchFailure(error: unknown): Record<string, unknown> {
  const damage = damageBehind(error);
  return { err: damage ?? error, code: damage?.code ?? 'store-unavailable' };
}

const rowLost = {
  older: 'a row of the directory was put back to an older entry: its endpoint is locked out',
  gone: 'a row of the directory is gone: its endpoint is locked out',
} as const;

async function readNewestLeafAt(store: Store): Promise<number | undefined> {
  const size = await store.countLeaves();
  if (size === 0) return undefined;
  // What is wrong with leaves that cannot be read is told by those who need them.
  const [newest] = await store.readLeaves(size - 1, 1).catch(() => []);
  return newest?.at;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
