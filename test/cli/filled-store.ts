/** The store of a gateway's folder, filled for tests of commands that read it. */
import { openGatewayHome } from '../../gateway/home/gateway-home.ts';
import { openStore } from '../../gateway/open-store.ts';
import type { AcceptableMessage, Store } from '../../gateway/store/port.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { acceptable, acceptableAsWritten, settlementOf } from '../gateway/store/synthetic-messages.ts';

export const ae = 'nhs-lanarkshire/emergency-department' as EndpointAddress;
export const duty = 'north-lanarkshire-social-work/duty' as EndpointAddress;

/** Opens the store of a gateway that does not run, and closes it again. */
export async function withStore(home: string, work: (store: Store) => Promise<unknown>): Promise<void> {
  const { store: address, storeKeys } = await openGatewayHome(home, Date.now);
  const store = await openStore(address, storeKeys);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** Lets message 1, or another, go from {@link ae} to {@link duty}, which stores it: three leaves. */
export async function storeNotice(
  home: string,
  changes: Partial<AcceptableMessage> = {},
  number = 1,
): Promise<void> {
  const kept = {
    expiresAt: Date.now() + 3600_000,
    recipients: [{ endpoint: duty, listening: true }],
    ...changes,
  };
  const message =
    changes.unit === undefined ? acceptableAsWritten(number, kept, ae) : acceptable(number, kept);
  await withStore(home, async (store) => {
    const { outcomes } = await store.submit({ source: ae, messages: [message] });
    await store.markDelivered(
      outcomes.flatMap((each) => (each.outcome === 'accepted' ? each.deliveries : [])),
    );
    await store.settle(settlementOf([message], duty));
  });
}
