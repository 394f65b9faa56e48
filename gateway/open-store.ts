/** Opens the store that an address names, with the engine that it needs. */
import { refuseOtherAuditKey } from './store/audit-key.ts';
import { checkStoreAddress, isMongodbAddress } from './store/store-address.ts';
import type { Store } from './store/port.ts';

export type StoreOptions = {
  /** Ed25519 private key in PKCS#8 PEM, which signs the gateway's receipts. */
  readonly receiptKeyPem: string;
  /** 32 bytes, with which the store opens the bodies of leaves; see `case-vault.ts`. */
  readonly auditKey: Buffer;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Bring an embedded store of an older form to this one; only while its gateway's lock is held. */
  readonly upgrade?: boolean;
  /** Told of failures that no caller waits for. */
  readonly onError?: (error: unknown) => void;
};

/**
 * Opens a store.
 * @param address the embedded engine's file, or `mongodb://…`
 * @throws CausewayError `store-incompatible`, `store-damaged`, `store-unavailable`, `configuration-invalid`;
 *   `home-invalid` when its leaves were sealed with another audit key
 */
export async function openStore(address: string, options: StoreOptions): Promise<Store> {
  const store = await openEngine(address, options);
  try {
    await refuseOtherAuditKey(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openEngine(address: string, options: StoreOptions): Promise<Store> {
  checkStoreAddress(address);
  if (isMongodbAddress(address)) {
    const { openMongodbStore } = await import('./store/mongodb/mongodb-store.ts');
    return await openMongodbStore({ url: address, ...options });
  }
  const { refuseMoved } = await import('./store/moved-mark.ts');
  refuseMoved(address);
  const { openSqliteStore } = await import('./store/sqlite/sqlite-store.ts');
  // A gateway, which alone may upgrade, holds the lock that a move needs.
  return await openSqliteStore({ file: address, mayBeMoved: options.upgrade !== true, ...options });
}

/**
 * Keeps a second gateway away from a store that is for one only.
 * @throws CausewayError `store-in-use`, `store-unavailable`, `configuration-invalid`
 */
export async function lockForOneGateway(address: string): Promise<{ release(): void }> {
  checkStoreAddress(address);
  if (isMongodbAddress(address)) return { release: () => undefined };
  const { lockPath } = await import('./store/path-lock.ts');
  return lockPath(address);
}
