import { expect, it } from 'vitest';
import { Backlog } from '../../../clients/sdk/backlog.ts';
import { mostPending } from '../../../protocol/limits.ts';
import { concern, exchangeOfFile, police, socialWork } from './exchange.ts';

const exchangeOf = exchangeOfFile(police, socialWork);

it('a client knows how many messages are still to come when an immediate one has overtaken them', async () => {
  const exchange = exchangeOf();
  await (await exchange.client(socialWork)).close();
  const sender = await exchange.client(police);
  for (const text of ['One.', 'Two.']) await sender.send(concern(text));
  await sender.send({ ...concern('Three.'), severity: 'immediate' });
  const client = await exchange.client(socialWork);
  expect(client.status().pending).toBe(3);
  const seen: [string, number][] = [];
  for await (const notice of client.notices()) {
    seen.push([notice.text(), client.status().pending]);
    await notice.ack();
    if (seen.length === 3) break;
  }
  expect(seen).toEqual([
    ['Three.', 3],
    ['One.', 2],
    ['Two.', 1],
  ]);
  expect(client.status().pending).toBe(0);
});

it('what was made after the welcome takes nothing from what waits, and what is in hand is not counted twice', () => {
  const backlog = new Backlog();
  const clock = Date.parse('2026-11-30T12:00:00.000Z');
  backlog.begin({ pending: 3, clock }, 1);
  expect(backlog.waiting).toBe(2);
  backlog.arrived({ time: '2026-11-30T12:00:00.001Z' });
  expect(backlog.waiting).toBe(2);
  for (let n = 0; n < 3; n += 1) backlog.arrived({ time: '2026-11-29T12:00:00.000Z' });
  expect(backlog.waiting).toBe(0);
});

it('a gateway that counts no further than it must leaves more to come when as many have come', () => {
  const backlog = new Backlog();
  const clock = Date.now();
  const time = new Date(clock - 1).toISOString();
  backlog.begin({ pending: mostPending, clock }, 0);
  for (let n = 0; n < mostPending; n += 1) backlog.arrived({ time });
  expect(backlog).toMatchObject({ waiting: 0, isLeast: true });
  backlog.begin({ pending: mostPending - 1, clock }, 0);
  expect(backlog.isLeast).toBe(false);
});
