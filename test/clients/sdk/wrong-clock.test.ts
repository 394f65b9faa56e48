import { expect, test } from 'vitest';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { concern, take } from './exchange.ts';
import { alice, bob, until, type ScriptedGateway } from './scripted-gateway.ts';

const dayMs = 24 * 3_600_000;

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

test.each([-40, 400])(
  'a recipient whose clock is off by %i days signs its receipt by the time of the gateway',
  async (days) => {
    const sender = await gateway.client(alice);
    const recipient = await gateway.client(bob, { now: () => Date.now() + days * dayMs });
    const { id } = await sender.send(concern('x', bob));
    const session = await gateway.session(bob);
    session.deliver(...(await gateway.session(alice)).units);
    await take(recipient, 1);
    await until(() => session.receipts.length > 0);
    const [receipt] = session.receipts;
    expect(receipt).toMatchObject({ kind: 'stored', message: id });
    expect(Math.abs(receipt!.at - Date.now())).toBeLessThan(60_000);
    expect(recipient.status().clockAheadMs).toBeCloseTo(days * dayMs, -4);
  },
);
