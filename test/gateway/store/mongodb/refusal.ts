/** What a start says that the engine refuses. */
import { generateKeyPairSync } from 'node:crypto';
import { openMongodbStore } from '../../../../gateway/store/mongodb/mongodb-store.ts';
import { auditKey } from '../synthetic-messages.ts';

export const receiptKeyPem = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

/** @throws Error when the store opens at this address */
export async function refusal(url: string): Promise<{ code: string; detail: string }> {
  try {
    await (await openMongodbStore({ url, receiptKeyPem, auditKey })).close();
  } catch (error) {
    return error as { code: string; detail: string };
  }
  throw new Error('the store opened');
}
