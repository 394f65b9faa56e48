/**
 * Submits until the operating system refuses to let a file grow, and beyond. Prints one JSON object: how each
 * submission ended, and what the store holds. Arguments: file, PEM of the receipt key in base64.
 */
import { isCausewayError } from '../../../protocol/errors.ts';
import { openSqliteStore } from '../../../gateway/store/sqlite/sqlite-store.ts';
import { acceptable, auditKey, health, noon, police } from './synthetic-messages.ts';

const [file = '', pem = ''] = process.argv.slice(2);
const receiptKeyPem = Buffer.from(pem, 'base64').toString();
const store = await openSqliteStore({ file, receiptKeyPem, auditKey, clock: () => noon });
const endings: string[] = [];
for (let number = 0; number < 60; number++) {
  const messages = [acceptable(number, { unit: Buffer.alloc(100_000, number) })];
  try {
    await store.submit({ source: police, messages });
    endings.push('kept');
  } catch (error) {
    endings.push(isCausewayError(error) ? error.code : 'another error');
  }
}
const records = (await store.readLeaves(0, 1000)).map(({ index }) => index);
process.stdout.write(JSON.stringify({ endings, records, pending: await store.countPending(health) }));
await store.close();
