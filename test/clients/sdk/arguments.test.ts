import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type ConnectOptions, type OutgoingNotice } from '../../../clients/sdk/index.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { concern, exchangeOfFile, police } from './exchange.ts';

const exchange = exchangeOfFile(police);
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-arguments-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** What a program without types may hand over. */
async function refusalOf(call: () => Promise<unknown>): Promise<CausewayError> {
  const error: unknown = await call().catch((reason: unknown) => reason);
  if (error instanceof CausewayError) return error;
  throw new Error('it was not refused by a CausewayError', { cause: error });
}

test.each<[unknown, string]>([
  [undefined, "connect({ home: './my-endpoint' })"],
  ['./my-endpoint', "connect({ home: './my-endpoint' })"],
  [{}, '/home: is missing'],
  [{ home: 7 }, '/home: must be text'],
  [{ home: 'x', window: 0 }, '/window: must be at least 1'],
  [{ home: 'x', signal: {} }, '/signal: must be an AbortSignal'],
  [{ home: 'x', follow: { everyMs: 0 } }, '/follow/everyMs: must be at least 1000'],
  [{ home: 'x', follow: { bundlesPerSecond: 0.5 } }, '/follow/bundlesPerSecond: must be at least 1'],
  [{ home: 'x', timeout: 5 }, 'does not belong there: "timeout"'],
])('connect(%j) is refused in plain words', async (options, words) => {
  const { code, message } = await refusalOf(() => connect(options as ConnectOptions));
  expect(code).toBe('request-malformed');
  expect(message).toContain(words);
  expect(message).not.toMatch(/Invalid|expected|undefined/);
});

test('connect takes bounds that bound nothing', async () => {
  const follow = { graceMs: Infinity, staleMs: Infinity, everyMs: Infinity };
  const options = {
    home: dir,
    maxWaiting: Infinity,
    maxBytesInHand: Infinity,
    maxHeldReceipts: Infinity,
    follow,
  };
  expect((await refusalOf(() => connect(options))).code).toBe('home-invalid');
});

test('drain() with a time that is none is refused in plain words', async () => {
  await using client = await exchange().client(police);
  const { code, message } = await refusalOf(() => client.drain({ timeoutMs: -1 }));
  expect(code).toBe('request-malformed');
  expect(message).toContain('/timeoutMs: must be at least 0');
});

const { content: _text, ...addressing } = concern('');

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'send({ to, category, severity, purpose, basis, content })'],
  ['no address', { content: { text: 'x' } }, '/to: must be agency/endpoint or agency/@role'],
  [
    'another severity',
    { ...concern('x'), severity: 'grave' },
    '/severity: must be one of "immediate", "urgent"',
  ],
  ['an unknown name', { ...concern('x'), replyTo: 'x' }, 'does not belong there: "replyTo"'],
  [
    'a guess at a data set',
    { ...addressing, content: { dataset: 'x', data: {} } },
    'it is the document itself: { dataschema:',
  ],
  ['text and more', { ...addressing, content: { text: 'x', html: 'x' } }, '/content: '],
  [
    'a path for a file',
    { ...addressing, content: { file: './x.pdf' } },
    '/content/file: must be a Uint8Array',
  ],
  ['half a character', concern('\ud800lone'), '/content/text: must be whole Unicode characters'],
  ['no content', addressing, '/content: without a dataschema must be { text } or { file, name, mediaType }'],
])('send() with %s is refused in plain words', async (_what, notice, words) => {
  await using client = await exchange().client(police);
  const { code, message } = await refusalOf(() => client.send(notice as OutgoingNotice));
  expect(code).toBe('request-malformed');
  expect(message).toContain(words);
  expect(message).not.toMatch(/Invalid|expected|undefined/);
  expect(client.status().waiting).toBe(0);
});

test('send() takes a notice that inherits its fields', async () => {
  const whole = concern('x', police.address);
  class Concern {
    get to() {
      return whole.to;
    }
  }
  const { to: _to, ...others } = whole;
  await using client = await exchange().client(police);
  for (const notice of [Object.create(whole), Object.assign(new Concern(), others)] as OutgoingNotice[])
    expect(client.message(await client.enqueue(notice))?.to).toEqual([whole.to]);
});
