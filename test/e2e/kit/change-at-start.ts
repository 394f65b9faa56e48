/** What others change while a gateway starts, after its first reading and before it hears of changes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { EndpointDirectory } from '../../../gateway/identity/directory.ts';
import { Writer } from './endpoint.ts';
import { Exchange } from './exchange.ts';

/** Longer than any engine needs to notice the commit of another process. */
const noticedMs = 1_500;
const embargo = `
@id("test-embargo")
@reason("Nothing goes to South during the test.")
forbid (principal, action, resource == Endpoint::"south-lanarkshire-social-work/duty");
`;

/** @param prepare makes the store; undefined stands for the embedded one */
export function holdsAtFirstConnection(
  prepare: () => Promise<{ readonly storeAddress?: string; readonly remove?: () => Promise<void> }>,
): void {
  let exchange: Exchange;
  let remove: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const { storeAddress, ...made } = await prepare();
    remove = made.remove;
    exchange = await Exchange.open(storeAddress === undefined ? {} : { storeAddress });
  });
  afterAll(async () => {
    await exchange.close();
    await remove?.();
  });

  it('a revocation and an agreement of that moment hold from the first connection on', async () => {
    const { police, north, south } = await exchange.enrol('police', 'north', 'south');
    const before = await exchange.recorded({ kind: 'gateway.started' });
    await exchange.stop();
    const open = EndpointDirectory.open.bind(EndpointDirectory);
    const opening = vi.spyOn(EndpointDirectory, 'open').mockImplementationOnce(async (...args) => {
      const directory = await open(...args);
      await exchange.revoke(north);
      await writeFile(join(exchange.home.policiesDir, 'sharing', 'zz-embargo.cedar'), embargo);
      await (await exchange.store()).requestPolicyReload({ kind: 'policy.applied' });
      await sleep(noticedMs);
      return directory;
    });
    try {
      await exchange.start();
    } finally {
      opening.mockRestore();
    }

    const refused = await exchange.connect(north, { hello: null });
    expect(await refused.refusal()).toEqual({ status: 403, code: 'endpoint-revoked' });
    const toSouth = await Writer.open(police, [south]);
    const session = await exchange.connect(police);
    expect(await session.submit(toSouth.message())).toMatchObject([{ kind: 'refused' }]);
    const { policy } = await exchange.recorded({ kind: 'message.refused', code: 'policy-denied' });
    expect(policy).not.toBe(before.policy);
    expect(await exchange.recorded({ kind: 'gateway.started', policy })).toBeDefined();
    await session.leave();
  });
}
