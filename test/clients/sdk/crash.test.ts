import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { concern, openExchange, police, socialWork, take, type Exchange } from './exchange.ts';

let exchange: Exchange;

beforeAll(async () => {
  exchange = await openExchange([police, socialWork]);
});

afterAll(() => exchange.close());

/** Runs a sending process until it has written down `count` messages, then kills it. @returns their ids */
async function sendAndDie(
  count: number,
  onLine: (lines: number) => void = () => undefined,
): Promise<string[]> {
  const script = join(import.meta.dirname, 'sending-process.ts');
  const home = exchange.homes.get(police.address)!;
  const child = spawn(process.execPath, [script, home, socialWork.address, '200'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ids: string[] = [];
  for await (const id of createInterface(child.stdout)) {
    onLine(ids.push(id));
    if (ids.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return ids;
}

test('what a killed process had written down is sent by the next one, with the same ids, each shown once', async () => {
  const ids = await sendAndDie(30);
  await using next = await exchange.client(police);
  for (const id of ids) expect((await next.accepted(id)).id).toBe(id);
  await next.drain({ timeoutMs: 20_000 });
  const written = next.messages({ limit: 1_000 }).map(({ id }) => id);
  expect(written).toEqual(expect.arrayContaining(ids));

  await using recipient = await exchange.client(socialWork);
  const notices = await take(recipient, written.length);
  const shown = notices.map(({ id }) => id);
  expect(new Set(shown)).toEqual(new Set(written));
  expect(shown).toHaveLength(new Set(shown).size);
  const numbers = notices.map(({ envelope }) => envelope.sequence[0]!).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test('what a process killed without a connection had written down is sent by a client that was open all along', async () => {
  await using bystander = await exchange.client(police);
  const stopped = { at: 0 };
  let stopping: Promise<void> | undefined;
  const ids = await sendAndDie(20, (lines) => {
    if (lines === 5) stopping = exchange.stop();
    stopped.at = lines;
  });
  await stopping;
  await exchange.restart();
  for (const id of ids) expect((await bystander.accepted(id)).id).toBe(id);
  await using recipient = await exchange.client(socialWork);
  const expected = bystander.messages({ limit: 1_000, open: true }).length;
  const notices = await take(recipient, expected);
  expect(notices.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
});

test('an acknowledged notice is not shown again after a restart, and one that was not is', async () => {
  await using sender = await exchange.client(police);
  const acknowledged = await sender.send(concern('acknowledged'));
  const shown = await sender.send(concern('only shown'));
  const first = await exchange.client(socialWork);
  for await (const notice of first.notices()) {
    if (notice.id === acknowledged.id) continue;
    expect(notice.id).toBe(shown.id);
    break;
  }
  await first.close();
  await using second = await exchange.client(socialWork);
  const [again] = await take(second, 1);
  expect(again!.id).toBe(shown.id);
});
