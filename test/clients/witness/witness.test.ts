import { DatabaseSync } from 'node:sqlite';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Witness } from '../../../clients/witness/witness.ts';
import {
  createWitnessHome,
  followLog,
  openWitnessHome,
  type WitnessHome,
} from '../../../clients/witness/witness-home.ts';
import { startWitnessServer } from '../../../clients/witness/witness-server.ts';
import { WitnessStore } from '../../../clients/witness/witness-store.ts';
import { createAuthority, createP256Key, openAuthority } from '../../../gateway/identity/authority.ts';
import { openCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { parseNote } from '../../../protocol/proof/note.ts';
import { formatVerifierKey, parseVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { refusalOfOldTls, versionRefused } from '../../gateway/http/old-tls.ts';
import {
  maxWitnessRequestBytes,
  readWitnessAnswer,
  witnessCheckpointPath,
} from '../../../protocol/proof/witness-protocol.ts';
import { GrowingLog, newKeyPem } from './witness-fixture.ts';

const pem = newKeyPem();
const log = new GrowingLog('log.example/causeway', pem);
const fork = new GrowingLog('log.example/causeway', pem, 1);
const impostor = new GrowingLog('log.example/causeway', newKeyPem());
const stranger = new GrowingLog('log.example/stranger', newKeyPem());
const settings = {
  name: 'witness.example/committee',
  listen: '127.0.0.1',
  port: 0,
  logs: [{ origin: log.origin, keys: [formatVerifierKey(log.signer.verifierKey)] }],
};

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-witness-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function newHome(): Promise<WitnessHome> {
  return createWitnessHome(join(folder, `home-${count++}`), settings);
}

async function withWitness(
  work: (witness: Witness, home: WitnessHome, store: WitnessStore) => unknown,
): Promise<void> {
  const home = await newHome();
  const store = new WitnessStore(home.storePath);
  try {
    await work(new Witness({ ...home, store, now: () => 1_800_000_000_000 }), home, store);
  } finally {
    store.close();
  }
}

describe('a witness', () => {
  it('cosigns what leads on, and remembers it over a restart', async () => {
    await withWitness((witness, home, store) => {
      const known = [home.cosigner.verifierKey];
      const text = parseNote(log.checkpointAt(13)).text;
      const answer = readWitnessAnswer(witness.addCheckpoint(log.request(0, 13)), text, known);
      expect(answer).toMatchObject({ outcome: 'cosigned', cosignatures: [{ timeSeconds: 1_800_000_000 }] });
      expect(witness.addCheckpoint(log.request(13, 40)).status).toBe(200);
      expect(witness.addCheckpoint(log.request(40, 40)).status).toBe(200);

      const again = new WitnessStore(home.storePath);
      const restarted = new Witness({ ...home, store: again, now: Date.now });
      expect(restarted.addCheckpoint(log.request(13, 40))).toMatchObject({ status: 409, body: '40\n' });
      expect(restarted.addCheckpoint(log.request(40, 41)).status).toBe(200);
      again.close();
      // Two witnesses on one home share one memory.
      expect(witness.addCheckpoint(log.request(40, 50))).toMatchObject({ status: 409, body: '41\n' });
      expect(store.lastOf(log.origin)).toMatchObject({ size: 41, root: log.rootAt(41) });
    });
  });

  it('refuses in the words of the standard, and remembers nothing of it', async () => {
    await withWitness((witness, _home, store) => {
      expect(witness.addCheckpoint(Buffer.from('hello'))).toMatchObject({ status: 400 });
      expect(witness.addCheckpoint(Buffer.alloc(0))).toMatchObject({ status: 400 });
      expect(witness.addCheckpoint(stranger.request(0, 3))).toMatchObject({ status: 404 });
      expect(witness.addCheckpoint(impostor.request(0, 3))).toMatchObject({ status: 403 });
      expect(witness.addCheckpoint(log.request(3, 13))).toMatchObject({
        status: 409,
        contentType: 'text/x.tlog.size',
        body: '0\n',
      });
      expect(store.lastOf(log.origin)).toBeUndefined();
    });
  });

  it('refuses a fork and keeps it as evidence, once', async () => {
    await withWitness((witness, _home, store) => {
      witness.addCheckpoint(log.request(0, 13));
      for (let time = 0; time < 2; time++) {
        expect(witness.addCheckpoint(fork.request(13, 20)).status).toBe(422);
        const { status, contentType, body, size } = witness.addCheckpoint(fork.request(13, 13));
        // With a size a log would take it for an invitation to ask again.
        expect([status, contentType, size]).toEqual([409, 'text/plain; charset=utf-8', undefined]);
        expect(body).toBe('The log has signed another root for the size that was cosigned.\n');
      }
      expect(witness.addCheckpoint(log.request(12, 12)).status).toBe(409);
      expect(store.lastOf(log.origin)).toMatchObject({ size: 13, root: log.rootAt(13) });
      const kept = store.evidence();
      expect(kept.map(({ request }) => request)).toEqual([fork.checkpointAt(20), fork.checkpointAt(13)]);
    });
  });

  it('keeps a contradiction that the log has signed, whatever the request says of the old size', async () => {
    for (const [old, answer] of [
      [12, { status: 409, contentType: 'text/x.tlog.size', body: '13\n' }],
      [14, { status: 400 }],
    ] as const) {
      await withWitness((witness, _home, store) => {
        witness.addCheckpoint(log.request(0, 13));
        const request = Buffer.from(`old ${old}\n\n${fork.checkpointAt(13)}`);
        expect(witness.addCheckpoint(request)).toMatchObject(answer);
        expect(store.evidence()).toMatchObject([{ request: fork.checkpointAt(13) }]);
        // The same with other words is no more evidence, and neither is what is merely late.
        witness.addCheckpoint(fork.request(13, 13));
        witness.addCheckpoint(log.request(12, 13));
        witness.addCheckpoint(fork.request(12, 20));
        expect(store.evidence()).toHaveLength(1);
      });
    }
  });

  it('has room for evidence of a fork however many wrong proofs strangers send', async () => {
    await withWitness((witness, _home, store) => {
      witness.addCheckpoint(log.request(0, 13));
      const stranger = (size: number, key: number): Buffer => {
        const line = `— stranger.example ${Buffer.alloc(68, key).toString('base64')}\n`;
        return Buffer.from(`old 13\n\n${log.checkpointAt(size)}${line}`);
      };
      for (let key = 1; key <= 20; key++) expect(witness.addCheckpoint(stranger(20, key)).status).toBe(422);
      // What strangers add does not make another checkpoint of it.
      expect(store.evidence()).toEqual([expect.objectContaining({ request: log.checkpointAt(20) })]);
      for (let number = 0; number < 1_000; number++)
        store.keepEvidence(log.origin, { note: `checkpoint ${number}`, contradicts: false }, 0);
      expect(store.evidence()).toHaveLength(900);
      expect(witness.addCheckpoint(fork.request(13, 13)).status).toBe(409);
      expect(store.evidence().map(({ request }) => request)).toContain(fork.checkpointAt(13));
    });
  });

  it('has a memory that itself refuses to go back, to fork and to forget', async () => {
    await withWitness((witness, _home, store) => {
      witness.addCheckpoint(log.request(0, 13));
      const put = (size: number, root: Buffer) => () =>
        store.advance(log.origin, () => ({ result: undefined, next: { size, root, note: '' } }));
      expect(put(12, log.rootAt(12))).toThrow(/never goes back/);
      expect(put(13, fork.rootAt(13))).toThrow(/never goes back/);
      expect(store.lastOf(log.origin)?.size).toBe(13);
    });
  });
});

describe('the home of a witness', () => {
  it('is private, and its verifier key fits its key', async () => {
    const home = await newHome();
    const modes = await Promise.all(
      ['.', 'witness.key', 'witness.db'].map(async (name) => (await stat(join(home.dir, name))).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    const written = parseVerifierKey(await readFile(join(home.dir, 'witness.vkey')));
    expect(written).toEqual(home.cosigner.verifierKey);
    expect(written.type).toBe(4);
    await expect(createWitnessHome(home.dir, settings)).rejects.toMatchObject({ code: 'home-exists' });
    await expect(createWitnessHome('/proc/causeway/home', settings)).rejects.toMatchObject({
      code: 'file-unavailable',
      detail: 'No witness can be made in /proc/causeway/home: no folder can be made there.',
    });
  });

  it('follows more logs, and more keys of one', async () => {
    const { dir } = await newHome();
    // At once, as when two people do it: neither loses what the other has written.
    await Promise.all([
      followLog(dir, stranger.origin, [formatVerifierKey(stranger.signer.verifierKey)]),
      followLog(dir, log.origin, [formatVerifierKey(impostor.signer.verifierKey)]),
    ]);
    const { logs } = await openWitnessHome(dir);
    expect(logs.map(({ origin, keys }) => [origin, keys.length])).toEqual([
      [stranger.origin, 1],
      [log.origin, 2],
    ]);
  });

  it('is not opened when it is damaged, and a lost memory is not made anew', async () => {
    const { dir, storePath, cosigner } = await newHome();
    await writeFile(storePath, Buffer.alloc(5_000, 7));
    expect(() => new WitnessStore(storePath)).toThrow(expect.objectContaining({ code: 'store-damaged' }));
    await unlink(storePath);
    expect(() => new WitnessStore(storePath)).toThrow(/does not know what it has cosigned/);
    await expect(followLog(dir, 'o', [formatVerifierKey(cosigner.verifierKey)])).rejects.toThrow(/of a log/);
    await writeFile(join(dir, 'witness.json'), '{"version":1,"surprise":true}');
    await expect(openWitnessHome(dir)).rejects.toMatchObject({ code: 'configuration-invalid' });
    await writeFile(join(dir, 'witness.json'), 'nothing');
    await expect(openWitnessHome(dir)).rejects.toMatchObject({ code: 'configuration-invalid' });
  });
});

describe('a witness over HTTP', () => {
  it('speaks the protocol', async () => {
    await withWitness(async (witness, home) => {
      const server = await startWitnessServer({ witness, listen: '127.0.0.1', port: 0 });
      try {
        const post = (body: Uint8Array) =>
          fetch(`${server.url}/add-checkpoint`, { method: 'POST', body: Buffer.from(body) });
        const last = `${server.url}${witnessCheckpointPath(log.origin)}`;
        expect((await fetch(last)).status).toBe(404);

        const cosigned = await post(log.request(0, 13));
        expect(cosigned.status).toBe(200);
        const line = await cosigned.text();
        expect(line).toMatch(/^— witness\.example\/committee \S+\n$/);

        const conflict = await post(log.request(0, 20));
        expect([conflict.status, conflict.headers.get('content-type'), await conflict.text()]).toEqual([
          409,
          'text/x.tlog.size',
          '13\n',
        ]);
        expect((await post(fork.request(13, 20))).status).toBe(422);
        expect((await post(impostor.request(13, 20))).status).toBe(403);
        expect((await post(stranger.request(0, 20))).status).toBe(404);
        expect((await post(Buffer.from('old x\n'))).status).toBe(400);
        expect((await post(Buffer.alloc(maxWitnessRequestBytes + 1, 'a'))).status).toBe(413);
        expect((await fetch(`${server.url}/add-checkpoint`)).status).toBe(404);
        expect((await fetch(`${server.url}/add-checkpoint`, { method: 'POST' })).status).toBe(400);

        const shown = await (await fetch(last)).text();
        const opened = openCheckpoint(shown, {
          keys: [log.signer.verifierKey],
          witnesses: [home.cosigner.verifierKey],
          witnessesNeeded: 1,
        });
        expect(opened.size).toBe(13);
        expect(shown.endsWith(line)).toBe(true);
      } finally {
        await server.close();
      }
    });
  });

  it.each([
    ['/%', 400, 'request-malformed'],
    ['/%E0%A4%A/checkpoint', 400, 'request-malformed'],
    ['/nowhere', 404, 'not-found'],
  ])('answers %s with problem details that do not repeat it', async (url, status, code) => {
    await withWitness(async (witness) => {
      const server = await startWitnessServer({ witness, listen: '127.0.0.1', port: 0 });
      try {
        const answer = await fetch(`${server.url}${url}`);
        expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        const body = await answer.text();
        expect([answer.status, JSON.parse(body)]).toMatchObject([status, { status, code }]);
        expect(body).not.toContain(url);
      } finally {
        await server.close();
      }
    });
  });

  it('says that it cannot write what it cosigns, and of which file, where the disk is full', async () => {
    const full = (): never => {
      const database = new DatabaseSync(':memory:');
      try {
        database.exec(
          'CREATE TABLE t (a); PRAGMA max_page_count = 2; INSERT INTO t VALUES (zeroblob(100000))',
        );
      } finally {
        database.close();
      }
      throw new Error('the database took more than it has room for');
    };
    const told: unknown[] = [];
    const witness = { addCheckpoint: full, lastCheckpoint: full };
    const server = await startWitnessServer({
      ...{ witness, listen: '127.0.0.1', port: 0 },
      onFailure: (error) => told.push(error),
    });
    try {
      const answer = await fetch(`${server.url}/add-checkpoint`, { method: 'POST', body: '' });
      const detail =
        'The file of what this witness has cosigned, witness.db, cannot be written, so nothing is cosigned: the disk is full.';
      expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'file-unavailable', detail }]);
      expect(told).toMatchObject([{ code: 'file-unavailable', detail }]);
    } finally {
      await server.close();
    }
  });

  it('answers what is no HTTP with problem details too', async () => {
    await withWitness(async (witness) => {
      const server = await startWitnessServer({ witness, listen: '127.0.0.1', port: 0 });
      try {
        const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
        let answer = '';
        socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
        socket.write('secret of somebody\r\n\r\n');
        await once(socket, 'close');
        expect(answer).toMatch(
          /^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*"code":"request-malformed"/,
        );
        expect(answer).not.toContain('secret');
      } finally {
        await server.close();
      }
    });
  });

  it('gives a connection up that never begins to speak TLS, and speaks none older than 1.3', async () => {
    const authority = openAuthority(await createAuthority({ name: 'x', now: Date.now() }), Date.now);
    const key = createP256Key();
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
    const { pem: cert } = await authority.issueServerCertificate(publicKey, ['localhost']);
    await withWitness(async (witness) => {
      const tls = { key, cert };
      const options = { witness, listen: '127.0.0.1', port: 0, tls, handshakeTimeoutMs: 50 };
      const server = await startWitnessServer(options);
      expect(await refusalOfOldTls(server.url)).toBe(versionRefused);
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
      await once(socket.on('error', () => undefined).resume(), 'close');
      await server.close();
    });
  });

  it('answers one of many that ask at once, and the others with what is then the size', async () => {
    await withWitness(async (witness) => {
      const server = await startWitnessServer({ witness, listen: '127.0.0.1', port: 0 });
      try {
        const replies = await Promise.all(
          Array.from({ length: 20 }, async (_, index) => {
            const body = log.request(0, index + 1);
            return (await fetch(`${server.url}/add-checkpoint`, { method: 'POST', body: Buffer.from(body) }))
              .status;
          }),
        );
        expect(replies.filter((status) => status === 200)).toHaveLength(1);
        expect(replies.filter((status) => status === 409)).toHaveLength(19);
      } finally {
        await server.close();
      }
    });
  });
});
