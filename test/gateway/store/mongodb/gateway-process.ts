/** A gateway's store in a process of its own, to be killed and stopped: does what it is asked, and works under a lease. */
import { openMongodbStore } from '../../../../gateway/store/mongodb/mongodb-store.ts';
import { isCausewayError } from '../../../../protocol/errors.ts';
import { auditKey, noon } from '../synthetic-messages.ts';
import { workUnderLease } from './lease-work.ts';
import type { Answer, Asked, Told } from './remote-gateway.ts';

const [url = '', receiptKeyPem = ''] = process.argv.slice(2);
const store = await openMongodbStore({ url, receiptKeyPem, auditKey, clock: () => noon });
let isEnded = false;
const work = workUnderLease(
  store,
  () => isEnded,
  () => tell('holding'),
  () => tell('lost'),
);

function tell(told: Told): void {
  process.send?.(told);
}

async function answer(asked: Asked): Promise<void> {
  const { ticket } = asked;
  try {
    const value = 'submit' in asked ? await store.submit(asked.submit) : await store.settle(asked.settle);
    process.send?.({ ticket, value } satisfies Answer);
  } catch (error) {
    const isUnavailable = isCausewayError(error, 'store-unavailable');
    process.send?.({ ticket, failure: isUnavailable ? 'unavailable' : String(error) } satisfies Answer);
  }
}

process.on('message', (asked: Asked) => void answer(asked));
process.on('disconnect', () => {
  isEnded = true;
  void work.then(async () => store.close()).then(() => process.exit());
});
tell('ready');
