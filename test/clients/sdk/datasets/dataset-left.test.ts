import { expect, test } from 'vitest';
import { concern, nextEvent } from '../exchange.ts';
import { gatewayForEachTest } from '../gateway-for-each-test.ts';
import { alice, bob, until, type ScriptedGateway } from '../scripted-gateway.ts';

const note = {
  $id: 'urn:causeway:dataset:note:1.0',
  type: 'object',
  properties: { seen: { type: 'string' } },
};

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

test('a notice whose data set left the agreement meanwhile is held, and comes once the data set is there', async () => {
  gateway.datasets.set('note/1.0', note);
  const sender = await gateway.client(alice);
  const { content: _text, ...addressing } = concern('', bob);
  const { id } = await sender.send({ ...addressing, dataschema: note.$id, content: { seen: 'a child' } });
  const { units } = await gateway.session(alice);
  gateway.datasets.clear();
  const recipient = await gateway.client(bob);
  const stream = recipient.notices();
  const next = stream.next();
  const held = nextEvent(recipient, 'held');
  const session = await gateway.session(bob);
  session.deliver(...units);
  expect(await held).toMatchObject({ id, from: alice, code: 'dataset-unknown' });
  // Its sender is trusted: to say so once more neither lets it go nor costs a session.
  await recipient.directory.trust(alice);
  expect(recipient.held()).toMatchObject([{ id }]);
  expect([session.receipts, session.controls.filter(({ type }) => type === 'goodbye')]).toEqual([[], []]);

  gateway.datasets.set('note/1.0', note);
  const gone = nextEvent(recipient, 'disconnected');
  session.socket.terminate();
  await gone;
  const again = await gateway.session(bob);
  again.deliver(...units);
  const { value: notice } = await next;
  expect(notice!.json()).toEqual({ seen: 'a child' });
  await notice!.ack();
  expect(recipient.held()).toEqual([]);
  await until(() => again.receipts.length === 1);
  expect(again.receipts[0]).toMatchObject({ kind: 'stored', message: id });
  await stream.return();
});
