import { expect, test } from 'vitest';
import { createEndpointKeys } from '../../../clients/sdk/keys.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { ChangingDirectory } from './changing-directory.ts';
import { concern, nextEvent } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, bob, until, type ScriptedGateway, type ScriptedSession } from './scripted-gateway.ts';

let gateway: ScriptedGateway;
let directory: ChangingDirectory;

gatewayForEachTest((opened) => {
  gateway = opened;
  directory = new ChangingDirectory(gateway);
});

function askedAfter(session: ScriptedSession): number | null | undefined {
  const hello = session.controls.find((frame) => frame.type === 'hello');
  return hello?.receiptsAfter;
}

test('receipts that find no room to be held stay with the gateway until keys are trusted; sending goes on', async () => {
  const client = await gateway.client(alice, { maxHeldReceipts: 1 });
  const ids = [(await client.send(concern('one', bob))).id, (await client.send(concern('two', bob))).id];
  const session = await gateway.session(alice);
  const { signingKey, signingKeyPem, openpgp } = await createEndpointKeys(bob);
  await directory.change(client, {
    ...directory.entryOf(bob),
    signingKey,
    openpgpFingerprint: openpgp.fingerprint,
  });
  const stream = session.units.map(({ envelope }, nth) => ({
    ...({ kind: 'stored', issuer: bob, recipient: bob } as const),
    ...{ message: ids[nth]!, envelopeDigest: sha256(envelope) },
  }));
  // A gateway that forgets only what was confirmed, and sends what a session asks for.
  const sessions: (number | null | undefined)[] = [];
  const tell = (told: ScriptedSession): void => {
    const after = askedAfter(told);
    sessions.push(after);
    if (after == null) return;
    for (const [nth, receipt] of stream.entries()) {
      if (nth >= after) told.receipt(nth + 1, [receipt], batchSigner(signingKeyPem));
    }
  };
  gateway.onSession = tell;
  const problem = nextEvent(client, 'problem');
  tell(session);
  expect((await problem).code).toBe('key-unknown');
  await until(() => sessions.includes(null));
  await client.send(concern('to myself', alice));
  await client.directory.trust(bob);
  for (const id of ids) {
    expect((await client.settled(id)).deliveries).toMatchObject([{ outcome: 'stored' }]);
  }
  expect(sessions).toEqual([0, null, 1]);
});
