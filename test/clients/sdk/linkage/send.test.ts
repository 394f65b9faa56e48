import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import pino from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import {
  addLinkageKey,
  createLinkageKey,
  readLinkageSettings,
  writeLinkageSettings,
} from '../../../../clients/sdk/linkage/linkage-file.ts';
import { startGateway } from '../../../../gateway/app.ts';
import { isCausewayError } from '../../../../protocol/errors.ts';
import { decideLink } from '../../../../protocol/linkage/tier.ts';
import { concern, openExchange, police, socialWork, take, type Exchange } from '../exchange.ts';

const child = {
  given: 'Zebedee',
  family: 'Quartermain',
  birthDate: '2016-02-09',
  postcode: 'ML3 0AB',
  chi: '0902161111',
};
let exchange: Exchange;

beforeAll(async () => {
  exchange = await openExchange([police, socialWork]);
});

afterAll(() => exchange.close());

test('without a linkage key a notice about somebody is refused before anything is written', async () => {
  await using client = await exchange.client(police);
  const failed = await client.send({ ...concern('x'), subjects: [child] }).catch((error: unknown) => error);
  expect(isCausewayError(failed, 'linkage-key-missing')).toBe(true);
  const odd = { ...child, nickname: 'Zeb' };
  await setKey(createLinkageKey(3));
  const malformed = await client.send({ ...concern('x'), subjects: [odd] }).catch((error: unknown) => error);
  expect(isCausewayError(malformed, 'request-malformed')).toBe(true);
  expect(client.messages()).toEqual([]);
});

test('the file of the linkage key is for its owner only, and refused when it is not', async () => {
  const home = exchange.homes.get(police.address)!;
  expect((await stat(join(home, 'linkage.json'))).mode & 0o777).toBe(0o600);
});

test('only tokens travel: no frame, file or log on the gateway side holds the key or the person', async () => {
  const [old, fresh] = [createLinkageKey(3), createLinkageKey(4)];
  await setKey(old, fresh);
  const written: Buffer[] = [];
  const remember = (data: unknown): void => {
    if (data instanceof Uint8Array || typeof data === 'string') written.push(Buffer.from(data));
  };
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      remember(chunk);
      done();
    },
  });
  const { port } = exchange.gateway;
  await exchange.stop();
  exchange.gateway = await startGateway({
    home: exchange.gatewayHome,
    log: pino({ level: 'trace' }, stream),
    port,
  });
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const send = WebSocket.prototype.send;
  const spy = vi.spyOn(WebSocket.prototype, 'send').mockImplementation(function (
    this: WebSocket,
    ...args: unknown[]
  ) {
    remember(args[0]);
    return Reflect.apply(send, this, args) as undefined;
  });
  try {
    await using sender = await exchange.client(police);
    await using recipient = await exchange.client(socialWork);
    await sender.send({ ...concern('A synthetic note.'), subjects: [child] });
    const [notice] = await take(recipient, 1);
    const [subject] = notice!.envelope.subjects;
    expect(subject?.epoch).toBe(4);
    expect(subject?.previous?.epoch).toBe(3);
    expect(decideLink(subject!, subject!).tier).toBe('same');
    const token = subject!.tokens['name-birth']![0]!;
    expect(written.some((bytes) => bytes.includes(token))).toBe(true);
  } finally {
    spy.mockRestore();
  }
  const everything = Buffer.concat([...written, ...(await filesBelow(exchange.gatewayHome.dir))]);
  expect(everything.byteLength).toBeGreaterThan(100_000);
  for (const { secret } of [old, fresh]) {
    const bytes = Buffer.from(secret);
    for (const form of [
      bytes,
      bytes.toString('hex'),
      bytes.toString('base64url'),
      bytes.toString('base64'),
    ]) {
      expect(everything.includes(form)).toBe(false);
    }
  }
  for (const text of Object.values(child)) expect(everything.includes(text)).toBe(false);
});

test('a notice that is to be ready in time waits no longer for one before it, whose holder of the key is silent', async () => {
  const silent = createServer((socket) => socket.resume());
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = silent.address() as AddressInfo;
    const holderAt = (host: string) => {
      const { publicKey } = ristretto255_oprf.voprf.generateKeyPair();
      const publicKeys = { 1: Buffer.from(publicKey).toString('base64url') };
      return { url: `http://${host}:${port}`, token: 'x'.repeat(30), publicKeys };
    };
    await writeLinkageSettings(exchange.homes.get(police.address)!, {
      ...{ version: 1, mode: 'oblivious', purpose: 'child-protection', epochs: [1] },
      holders: [holderAt('127.0.0.1'), holderAt('localhost')],
    });
    await using client = await exchange.client(police);
    const given = new AbortController();
    const first = client.enqueue({ ...concern('x'), subjects: [child], signal: given.signal });
    const second = client.enqueue({ ...concern('y'), readyBy: AbortSignal.timeout(50) });
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    given.abort();
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    expect((await client.send(concern('z'))).id).toBeTypeOf('string');
  } finally {
    silent.close();
  }
});

async function setKey(...keys: ReturnType<typeof createLinkageKey>[]): Promise<void> {
  const home = exchange.homes.get(police.address)!;
  let settings: Awaited<ReturnType<typeof readLinkageSettings>>;
  for (const key of keys) settings = addLinkageKey(settings, key, 'child-protection');
  await writeLinkageSettings(home, settings!);
}

async function filesBelow(dir: string): Promise<Buffer[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const gone = (error: NodeJS.ErrnoException): Buffer => {
    // A draft of the running gateway has got its name meanwhile.
    if (error.code !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  };
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name)).catch(gone)),
  );
}
