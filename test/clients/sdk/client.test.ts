import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../../clients/sdk/client.ts';
import { LadderTable } from '../../../clients/sdk/ladder-table.ts';
import type { Notice } from '../../../clients/sdk/notice.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import { limits } from '../../../protocol/limits.ts';
import {
  concern,
  health,
  nextEvent,
  openExchange,
  police,
  socialWork,
  socialWorkMash,
  take,
  type Exchange,
} from './exchange.ts';

let exchange: Exchange;

beforeAll(async () => {
  exchange = await openExchange([police, socialWork, socialWorkMash, health]);
});

afterAll(() => exchange.close());

async function withClients(
  work: (sender: Client, recipient: Client) => Promise<void>,
  recipient = socialWork,
): Promise<void> {
  await using sender = await exchange.client(police);
  await using receiver = await exchange.client(recipient);
  await work(sender, receiver);
}

test('a notice is accepted, delivered, acknowledged on asking for the next, and settled for its sender', () =>
  withClients(async (sender, recipient) => {
    const stop = new AbortController();
    const seen: Notice[] = [];
    const reading = (async () => {
      for await (const notice of recipient.notices({ signal: stop.signal })) seen.push(notice);
    })();
    const result = await sender.send(concern('A synthetic child was seen alone.'));
    const message = await sender.settled(result.id);
    stop.abort();
    await reading;
    expect(seen.map((notice) => notice.text())).toEqual(['A synthetic child was seen alone.']);
    expect(seen[0]).toMatchObject({
      id: result.id,
      from: police.address,
      category: 'concern',
      severity: 'urgent',
      thread: result.id,
      state: 'acknowledged',
    });
    expect(message.state).toBe('accepted');
    expect(message.deliveries).toMatchObject([{ recipient: socialWork.address, outcome: 'stored' }]);
    expect(message.deliveries[0]!.deliveredAt).toBeTypeOf('number');
  }));

test('the sender is told who is away, and the notice arrives when the recipient comes', async () => {
  await using sender = await exchange.client(police);
  const result = await sender.send(concern('while away'));
  expect(result).toMatchObject({ listening: [], away: [socialWork.address] });
  await using recipient = await exchange.client(socialWork);
  const [notice] = await take(recipient, 1);
  expect(notice!.text()).toBe('while away');
  await sender.settled(result.id);
});

test('receipts that wait for the directory, and not for trust, are not told as if they did', async () => {
  await using sender = await exchange.client(police);
  const state = new StateDatabase(exchange.homes.get(police.address)!);
  const ladder = new LadderTable(state.statements);
  const issuers = [health.address, 'nobody/known'];
  await state.write(() => issuers.forEach((issuer) => ladder.holdGroup(issuer, Buffer.of(0), false)));
  expect(ladder.readHeldIssuers().sort()).toEqual(issuers);
  expect(sender.status().untrustedReceipts).toEqual([]);
  await state.write(() => issuers.forEach((issuer) => ladder.releaseGroups(issuer)));
  await state.close();
});

test('a role reaches every endpoint of the agency that holds it, and the envelope keeps the role', async () => {
  await using sender = await exchange.client(police);
  await using duty = await exchange.client(socialWork);
  await using mash = await exchange.client(socialWorkMash);
  const { id } = await sender.send(concern('to the role', 'north-lanarkshire-social-work/@duty'));
  for (const client of [duty, mash]) {
    const [notice] = await take(client, 1);
    expect(notice!.envelope.to).toEqual(['north-lanarkshire-social-work/@duty']);
    expect(notice!.envelope.recipientKeys).toHaveLength(2);
  }
  const { deliveries } = await sender.settled(id);
  expect(deliveries.map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
});

test('a document is checked against its data set before it is encrypted, and arrives as JSON', () =>
  withClients(async (sender, recipient) => {
    const dataschema = 'urn:causeway:dataset:concern-report:1.0';
    const registry = await sender.datasets.ensure(dataschema);
    const content = registry.template(dataschema);
    const { content: _text, ...addressing } = concern('');
    await expect(sender.send({ ...addressing, dataschema, content: {} })).rejects.toMatchObject({
      code: 'dataset-invalid',
    });
    await sender.send({ ...addressing, dataschema, content });
    const [notice] = await take(recipient, 1);
    expect(notice!.dataschema).toBe(dataschema);
    expect(notice!.json()).toEqual(content);
  }));

test('a file travels with its name and media type', () =>
  withClients(async (sender, recipient) => {
    const file = await readFile(import.meta.filename);
    await sender.send({
      ...concern(''),
      content: { file, name: 'plan.bin', mediaType: 'application/x-plan' },
    });
    const [notice] = await take(recipient, 1);
    expect(notice).toMatchObject({ name: 'plan.bin', mediaType: 'application/x-plan' });
    expect(Buffer.from(notice!.bytes).equals(file)).toBe(true);
  }));

test('content over the limit is refused before anything is written', async () => {
  await using sender = await exchange.client(police);
  const file = new Uint8Array(limits.maxPayloadBytes + 1);
  const notice = { ...concern(''), content: { file, name: 'big', mediaType: 'text/plain' } };
  await expect(sender.send(notice)).rejects.toMatchObject({ code: 'payload-too-large' });
  expect(sender.status().waiting).toBe(0);
});

test('words that the envelope cannot hold are refused with the field that is wrong', async () => {
  await using sender = await exchange.client(police);
  await expect(sender.send({ ...concern('x'), category: 'Not A Slug' })).rejects.toMatchObject({
    code: 'request-malformed',
    problems: [{ at: '/category' }],
  });
  await expect(sender.send(concern('x', 'nobody/here'))).rejects.toMatchObject({ code: 'recipient-unknown' });
});

test('what cannot be the name or the media type of a file is refused as what the caller has to mend', async () => {
  await using sender = await exchange.client(police);
  const good = { file: Buffer.from('x'), name: 'plan.pdf', mediaType: 'application/pdf' };
  for (const [part, at, words] of [
    [{ name: 'folder/plan.pdf' }, '/content/name', 'must be a file name without folders'],
    [{ mediaType: 'bogus' }, '/content/mediaType', 'must be a media type such as application/json'],
  ] as const)
    await expect(sender.send({ ...concern(''), content: { ...good, ...part } })).rejects.toMatchObject({
      code: 'request-malformed',
      detail: expect.stringContaining(words) as unknown,
      problems: [{ at }],
    });
  expect(sender.status().waiting).toBe(0);
});

test('a refused message rejects with the reason and blocks no other', () =>
  withClients(async (sender, recipient) => {
    const results = await Promise.allSettled([
      sender.send(concern('before')),
      sender.send({ ...concern('poison'), category: 'reporter-decision' }),
      sender.send({ ...concern('poison too'), category: 'no-such-category' }),
      sender.send(concern('after')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'policy-denied' });
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'category-unknown' });
    const notices = await take(recipient, 2);
    expect(notices.map((notice) => notice.text())).toEqual(['before', 'after']);
    expect(
      sender
        .messages({ limit: 4 })
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['accepted', 'accepted', 'refused', 'refused']);
  }));

test('leaving the loop by break or by an error does not acknowledge', () =>
  withClients(async (sender, recipient) => {
    await sender.send(concern('one'));
    await sender.send(concern('two'));
    for await (const notice of recipient.notices()) {
      expect(notice.text()).toBe('one');
      break;
    }
    const failing = async () => {
      for await (const notice of recipient.notices()) throw new Error(notice.text());
    };
    await expect(failing()).rejects.toThrow('one');
    const notices = await take(recipient, 2);
    expect(notices.map((notice) => notice.text())).toEqual(['one', 'two']);
  }));

test('a notice that was given back comes again; await using gives back what was not acknowledged', () =>
  withClients(async (sender, recipient) => {
    await sender.send(concern('again'));
    const states: string[] = [];
    for await (const notice of recipient.notices()) {
      await using scoped = notice;
      states.push(scoped.text());
      if (states.length < 2) continue;
      await scoped.ack();
      break;
    }
    expect(states).toEqual(['again', 'again']);
    expect(sender.message((await sender.settled(sender.messages({ limit: 1 })[0]!.id)).id)).toMatchObject({
      deliveries: [{ outcome: 'stored' }],
    });
  }));

test('an acknowledgement after the loop was left counts, and the notice is not shown again', () =>
  withClients(async (sender, recipient) => {
    await sender.send(concern('kept'));
    const stream = recipient.notices();
    const { value: notice } = await stream.next();
    await stream.return();
    await notice!.ack();
    await sender.send(concern('next'));
    const [shown] = await take(recipient, 1);
    expect(shown!.text()).toBe('next');
  }));

test('drain waits until receipts are confirmed, and then nothing comes again', async () => {
  await using sender = await exchange.client(police);
  const sent = await Promise.all(['a', 'b', 'c'].map((text) => sender.send(concern(text))));
  const recipient = await exchange.client(socialWork);
  for await (const notice of recipient.notices()) {
    await notice.ack();
    if (notice.id === sent.at(-1)!.id) break;
  }
  await recipient.drain({ timeoutMs: 10_000 });
  await recipient.close();
  await using again = await exchange.client(socialWork);
  await sender.send(concern('d'));
  const [notice] = await take(again, 1);
  expect(notice!.text()).toBe('d');
});

test('messages that were written down offline go out in order, gap-free, once the gateway is back', async () => {
  await using sender = await exchange.client(police);
  await using recipient = await exchange.client(health);
  const to = health.address;
  const { id: first } = await sender.send(concern('online', to));
  const gone = nextEvent(sender, 'disconnected');
  await exchange.stop();
  await gone;
  const ids = [];
  for (const text of ['1', '2', '3']) ids.push(await sender.enqueue(concern(text, to)));
  expect(sender.status()).toMatchObject({ connection: 'connecting', waiting: 3 });
  await expect(sender.accepted(ids[0]!, { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({
    code: 'aborted',
  });
  await exchange.restart();
  const results = await Promise.all(ids.map((id) => sender.accepted(id)));
  expect(results.map(({ id }) => id)).toEqual(ids);
  const notices = await take(recipient, 4);
  expect(notices.map((notice) => notice.id)).toEqual([first, ...ids]);
  const numbers = notices.map((notice) => notice.envelope.sequence[0]!);
  expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
});

test('a message can be taken back until it is sent, and leaves no gap', async () => {
  await using sender = await exchange.client(police);
  const gone = nextEvent(sender, 'disconnected');
  await exchange.stop();
  await gone;
  const kept = await sender.enqueue(concern('kept'));
  const cancelled = await sender.enqueue(concern('cancelled'));
  const outcome = expect(sender.accepted(cancelled)).rejects.toMatchObject({ code: 'aborted' });
  expect(await sender.cancel(kept)).toBe(false);
  expect(await sender.cancel(cancelled)).toBe(true);
  await outcome;
  await exchange.restart();
  await sender.accepted(kept);
  expect(await sender.cancel(kept)).toBe(false);
  const { id } = await sender.send(concern('next'));
  await using recipient = await exchange.client(socialWork);
  const notices = await take(recipient, 2);
  expect(notices.map((notice) => notice.id)).toEqual([kept, id]);
  expect(notices[1]!.envelope.sequence[0]).toBe(notices[0]!.envelope.sequence[0]! + 1);
});

test('receipts arrive live, in the order of the ladder', () =>
  withClients(async (sender, recipient) => {
    const receipts = sender.receipts();
    const { id } = await sender.send(concern('ladder'));
    await take(recipient, 1);
    const kinds = [];
    for await (const receipt of receipts) {
      expect(receipt.message).toBe(id);
      kinds.push(receipt.kind);
      if (receipt.kind === 'stored') break;
    }
    expect(kinds).toEqual(['accepted', 'delivered', 'stored']);
  }));

test('two clients may share a home: one sends while the other listens', async () => {
  await using listening = await exchange.client(police);
  await using sending = await exchange.client(police);
  await using other = await exchange.client(health);
  const { id } = await sending.send(concern('from the second', health.address));
  await take(other, 1);
  await sending.settled(id);
  await other.send({ ...concern('reply', police.address), inReplyTo: id });
  const [notice] = await take(listening, 1);
  expect(notice).toMatchObject({ inReplyTo: id, thread: id });
});

test('what a closed client was asked to wait for ends with client-closed', async () => {
  const client = await exchange.client(police);
  const stream = client.notices();
  const next = stream.next();
  await client.close();
  expect(await next).toMatchObject({ done: true });
  await expect(client.send(concern('late'))).rejects.toMatchObject({ code: 'client-closed' });
  expect(() => client.notices()).toThrow(expect.objectContaining({ code: 'client-closed' }));
});

test('an aborted signal ends the waiting, and the message is sent all the same', async () => {
  await using sender = await exchange.client(police);
  const fresh = `${health.address.split('/')[0]!}/@child-protection`;
  const stop = new AbortController();
  const sending = sender.send({ ...concern('still sent', fresh), signal: stop.signal });
  const written = () => sender.messages({ limit: 1 }).find(({ to }) => to[0] === fresh);
  while (written() === undefined) await new Promise((resolve) => setImmediate(resolve));
  const { id } = written()!;
  stop.abort();
  await sending.catch((error: unknown) => expect(error).toMatchObject({ code: 'aborted' }));
  await sender.accepted(id);
});

test('a notice for which nobody has to be waited is kept, however late it is ready', async () => {
  await using client = await exchange.client(police);
  const to = socialWork.address;
  await client.send({ ...concern('in time'), to });
  const id = await client.enqueue({ ...concern('late'), to, readyBy: AbortSignal.abort() });
  await client.accepted(id);
});
