/** A process that holds a lease, keeps it, and writes under it until it is refused. */
import { openMongodbStore } from '../../../../gateway/store/mongodb/mongodb-store.ts';
import { isCausewayError } from '../../../../protocol/errors.ts';
import { auditKey } from '../synthetic-messages.ts';

const [url = '', receiptKeyPem = '', name = '', durationMs = ''] = process.argv.slice(2);
const store = await openMongodbStore({ url, receiptKeyPem, auditKey });
const lease = await store.takeLease(name, Number(durationMs));
if (lease === undefined) throw new Error('somebody else holds the lease');
process.on('disconnect', () => process.exit(1));
try {
  for (;;) {
    await store.appendRecords([{ kind: 'test.happened', epoch: lease.epoch }], lease);
    process.send?.('writing');
    // It believes in its lease: it never looks at a clock.
  }
} catch (error) {
  if (!isCausewayError(error, 'lease-lost')) throw error;
  process.send?.('lost');
}
await store.close();
process.disconnect();
