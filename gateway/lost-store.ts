/**
 * A store that is lost, or another than the one that was meant: its disk is not mounted, its name has a slip. A gateway that
 * began an empty one in its place would know no endpoint any more, and go on with a log that everybody else has seen more of.
 */
import { statSync } from 'node:fs';
import { CausewayError } from '../protocol/errors.ts';
import { noteSigner } from '../protocol/proof/note-signer.ts';
import { auditLogOptions } from './audit-log-options.ts';
import { LogFolder } from './audit/log-folder.ts';
import { openPublished } from './audit/published-checkpoint.ts';
import { readSignedBefore } from './audit/signed-before.ts';
import type { GatewayHome } from './home/gateway-home.ts';
import type { Store } from './store/port.ts';
import { checkStoreAddress, isMongodbAddress } from './store/store-address.ts';

/** True where the embedded engine would make a new store. Where a database is, only its server can say. */
export function isStoreFileMissing(address: string): boolean {
  return !isMongodbAddress(address) && (statSync(address, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/**
 * Before it is opened, which would make it.
 * @param address where it is not the one of the settings
 * @throws CausewayError `store-missing` where the log of this gateway has leaves, and there is no store;
 * `configuration-invalid` where it was moved, or the address names none
 */
export async function refuseMissingStore(home: GatewayHome, address = home.store): Promise<void> {
  checkStoreAddress(address);
  if (!isStoreFileMissing(address)) return;
  const { refuseMoved } = await import('./store/moved-mark.ts');
  refuseMoved(address);
  await refuseWhereLogBegan(home, `There is no store at ${address}`);
}

/**
 * Once it is open.
 * @throws CausewayError `store-missing` where the log of this gateway has leaves, and the store none
 */
export async function refuseEmptyStore(
  home: GatewayHome,
  store: Pick<Store, 'countLeaves'>,
  address = home.store,
): Promise<void> {
  if ((await store.countLeaves()) > 0) return;
  // An address may hold a password.
  const name = isMongodbAddress(address) ? 'in the database that `store` names' : address;
  await refuseWhereLogBegan(home, `The store ${name} is empty`);
}

async function refuseWhereLogBegan(home: GatewayHome, what: string): Promise<void> {
  const size = await leavesSigned(home);
  if (size === 0) return;
  const detail =
    `${what}, but the audit log of this gateway has ${size} leaves, by log/checkpoint, checkpoints/ or the copy of the log. ` +
    'Nothing was begun anew. Restore the store from its backup, mount its disk, or correct `store` in gateway.yaml. ' +
    'Only where it is lost for good: move log/ away, give the log another `origin` in gateway.yaml, and have every endpoint ' +
    'enrol again, into a new home.';
  throw new CausewayError('store-missing', { detail });
}

/** The most leaves that a checkpoint of this log has, wherever one is kept. One that cannot be read says nothing here. */
async function leavesSigned(home: GatewayHome): Promise<number> {
  const { origin, keyPem, historyDir, exportDir } = auditLogOptions(home);
  const { verifierKey } = noteSigner(origin, keyPem);
  const folder = new LogFolder(home.logDir);
  const [published, elsewhere] = await Promise.all([
    folder
      .readCheckpoint()
      .then((text) => (text === undefined ? undefined : openPublished(text, verifierKey)))
      .catch(() => undefined),
    readSignedBefore({ folder, verifierKey, historyDir, exportDir, now: Date.now }),
  ]);
  return Math.max(published?.size ?? 0, elsewhere?.size ?? 0);
}
