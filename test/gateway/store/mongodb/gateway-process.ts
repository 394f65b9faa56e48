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

/** The test may have ended meanwhile, and hears nothing more. */
function tell(told: Told | Answer): void {
  process.send?.(told, undefined, undefined, () => undefined);
}

async function answer(asked: Asked): Promise<void> {
  const { ticket } = asked;
  try {
    const value = 'submit' in asked ? await store.submit(asked.submit) : await store.settle(asked.settle);
    tell({ ticket, value });
  } catch (error) {
    const isUnavailable = isCausewayError(error, 'store-unavailable');
    tell({ ticket, failure: isUnavailable ? 'unavailable' : String(error) });
  }
}

process.on('message', (asked: Asked) => void answer(asked));
process.on('disconnect', () => {
  isEnded = true;
  void work.then(async () => store.close()).then(() => process.exit());
});
tell('ready');
