import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PastCheckpoint } from '../../gateway/audit/log-history.ts';
import { openGatewayHome } from '../../gateway/home/gateway-home.ts';
import { parseCheckpoint, signCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { addSignatures, parseNote } from '../../protocol/proof/note.ts';
import { cosigner, noteSigner } from '../../protocol/proof/note-signer.ts';
import { formatVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { acceptable, messageId, settlementOf } from '../gateway/store/synthetic-messages.ts';
import { ae, duty, withStore } from './filled-store.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const committee = cosigner('committee.example', ed25519());
let dir: string;
let home: string;

function ed25519(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const audit = (...args: string[]): Promise<RunResult> =>
  runInProcess(['audit', ...args], { CAUSEWAY_GATEWAY: home });

/** Sends notices with these numbers; the first of them is stored. */
async function send(...sequence: number[]): Promise<void> {
  const messages = sequence.map((number) =>
    acceptable(number, {
      expiresAt: Date.now() + 3600_000,
      recipients: [{ endpoint: duty, listening: true }],
      record: JSON.stringify({
        ...{
          kind: 'message.accepted',
          message: messageId(number),
          source: ae,
          to: [duty],
          sequence: [number],
        },
        ...{ category: 'unexplained-injury', severity: 'urgent', purpose: 'child-protection' },
        decisions: [{ recipient: duty, effect: 'permit' }],
      }),
    }),
  );
  await withStore(home, async (store) => {
    await store.submit({ source: ae, messages });
    await store.settle(settlementOf(messages.slice(0, 1), duty));
  });
}

/** Runs while these too stand among the checkpoints that were kept. */
async function withKept<T>(
  kept: readonly PastCheckpoint[],
  work: () => Promise<T>,
  day = '2026-05-02',
): Promise<T> {
  const file = join(home, 'checkpoints', `${day}.ndjson`);
  writeFileSync(file, kept.map((each) => `${JSON.stringify(each)}\n`).join(''));
  try {
    return await work();
  } finally {
    rmSync(file);
  }
}

/** Writes the newest checkpoint into a file. */
async function keepCheckpoint(name: string): Promise<string> {
  const file = join(dir, name);
  writeFileSync(file, (await audit('checkpoint')).stdout);
  return file;
}

function cosign(note: string): string {
  return addSignatures(note, [committee.cosign(parseNote(note).text, Date.UTC(2026, 4, 1) / 1000)]);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-between-'));
  home = join(dir, 'gateway');
  expect((await runInProcess(['gateway', 'init', home])).code).toBe(0);
  const settings = join(home, 'gateway.yaml');
  const witness = `{ url: https://committee.example, key: ${formatVerifierKey(committee.verifierKey)} }`;
  const text = readFileSync(settings, 'utf8').replace('witnesses: []', `witnesses: [${witness}]`);
  expect(text).toContain('committee.example');
  writeFileSync(settings, text);
  await send(1);
  const note = readFileSync(await keepCheckpoint('first'), 'utf8');
  const cosigned = cosign(note);
  writeFileSync(join(dir, 'cosigned'), cosigned);
  mkdirSync(join(home, 'checkpoints'), { recursive: true });
  const { size } = parseCheckpoint(parseNote(note).text);
  const kept = { at: Date.UTC(2026, 4, 1), size, checkpoint: cosigned };
  writeFileSync(join(home, 'checkpoints', '2026-05-01.ndjson'), `${JSON.stringify(kept)}\n`);
  await send(3, 4);
  const later = readFileSync(await keepCheckpoint('later'), 'utf8');
  writeFileSync(join(dir, 'later-cosigned'), cosign(later));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('causeway audit between', () => {
  it('proves that nothing was removed, and lists a gap, an unread notice and silent agencies in sentences', async () => {
    const { code, stdout, stderr } = await audit(
      'between',
      join(dir, 'cosigned'),
      join(dir, 'later-cosigned'),
    );
    expect(code, stderr).toBe(0);
    const text = stdout.replace(/\s+/g, ' ');
    expect(text).toContain('cosigned by committee.example (2026-05-01 00:00:00Z).');
    expect(text).toContain(
      'NHS Lanarkshire (emergency department) has counted more notices to North Lanarkshire Social Work (duty) ' +
        'than the log knows: number 2 is missing.',
    );
    expect(text).toMatch(new RegExp(`The notice ${messageId(4)} .* has not arrived \\[leaf \\d+\\]\\.`));
    expect(text).not.toContain(messageId(3));
    expect(text).toContain('Nothing was heard of Strathclyde Police in the period.');
    expect(text).toMatch(
      /proven Nothing was removed from the log or changed in it: .* 1 gap, 1 unread notice, \d+ silent agencies\./,
    );
  });

  it.each([
    ['cosigned', 'later', 'the later checkpoint'],
    ['first', 'later-cosigned', 'the earlier checkpoint'],
    ['first', 'later', 'either checkpoint'],
  ])('proves nothing from %s to %s, as no witness has cosigned that', async (from, to, which) => {
    const { code, stdout, stderr } = await audit('between', join(dir, from), join(dir, to));
    expect(code, stderr).toBe(4);
    const text = stdout.replace(/\s+/g, ' ');
    expect(text).toContain('no witness in gateway.yaml has cosigned it.');
    expect(text).toMatch(
      /committee\.example cosigned last on 2026-05-01 00:00:00Z, the checkpoint of \d+ leaves\./,
    );
    expect(text).toContain(
      `unwitnessed Consistent, but by the word of the gateway alone: no witness in gateway.yaml has cosigned ${which}`,
    );
    expect(text).toContain('1 gap, 1 unread notice');
  });

  it('needs no witness of the empty log, and the newest checkpoint may have none yet', async () => {
    const proven = await audit('between', '0', join(dir, 'later-cosigned'), '--json');
    expect([proven.code, jsonLines(proven.stdout)[0]]).toMatchObject([
      0,
      { outcome: 'proven', proven: true },
    ]);
    const now = await audit('between', '0', 'now', '--json');
    const lastCosigned = { at: '2026-05-01T00:00:00.000Z' };
    expect([now.code, jsonLines(now.stdout)[0]]).toMatchObject([
      4,
      { outcome: 'unwitnessed', proven: false, witnesses: [{ name: 'committee.example', lastCosigned }] },
    ]);
    expect(jsonLines(proven.stdout)[0]).not.toHaveProperty('witnesses');
  });

  it('takes a time for the checkpoint kept nearest to it, and a number of leaves, as JSON too', async () => {
    const { code, stdout, stderr } = await audit('between', '2026-05-02', '4', '--json');
    expect(code, stderr).toBe(4);
    const [report] = jsonLines(stdout);
    expect(report).toMatchObject({
      ...{ type: 'between', outcome: 'unwitnessed', gaps: [{ source: ae, to: duty, first: 2, last: 2 }] },
      from: {
        signed: true,
        keptAt: '2026-05-01T00:00:00.000Z',
        cosignatures: [{ name: 'committee.example' }],
      },
      to: { size: 4, signed: false, cosignatures: [] },
    });
  });

  it('takes of a checkpoint that was kept again, as a cosignature came late, the one that has it', async () => {
    const checkpoint = readFileSync(join(dir, 'first'), 'utf8');
    const { size } = parseCheckpoint(parseNote(checkpoint).text);
    const at = Date.UTC(2026, 4, 2);
    const { stdout } = await withKept([{ at, size, checkpoint }], () =>
      audit('between', '2026-05-02', '4', '--json'),
    );
    expect(jsonLines(stdout)[0]).toMatchObject({ from: { cosignatures: [{ name: 'committee.example' }] } });
  });

  it('passes over what was kept of a log of another name or key, however near to the time it is', async () => {
    const { logKeyPem } = await openGatewayHome(home, Date.now);
    const { origin } = parseCheckpoint(parseNote(readFileSync(join(dir, 'first'))).text);
    const head = { size: 4, root: Buffer.alloc(32) };
    const at = Date.UTC(2026, 4, 2);
    const foreign = [
      signCheckpoint({ origin: 'former.example', ...head }, noteSigner('former.example', logKeyPem)),
      signCheckpoint({ origin, ...head }, noteSigner(origin, ed25519())),
    ];
    const kept = foreign.map((checkpoint) => ({ at, size: 4, checkpoint }));
    const { code, stdout, stderr } = await withKept(kept, () =>
      audit('between', '2026-05-02', '4', '--json'),
    );
    expect(code, stderr).toBe(4);
    expect(jsonLines(stdout)[0]).toMatchObject({
      from: { keptAt: '2026-05-01T00:00:00.000Z' },
      to: { size: 4, signed: false },
    });
  });

  it('says that what was kept of its own log is spoilt, and takes no other in its place', async () => {
    const own = readFileSync(join(dir, 'first'), 'utf8');
    const { size } = parseCheckpoint(parseNote(own).text);
    const at = Date.UTC(2026, 4, 2);
    for (const [checkpoint, why] of [
      [own.replace(`\n${size}\n`, `\n${size + 1}\n`), 'does not verify'],
      [own.slice(0, -20), 'form'],
    ] as const) {
      for (const from of ['2026-05-02', String(size + 1)]) {
        const { code, stderr } = await withKept([{ at, size: size + 1, checkpoint }], () =>
          audit('between', from, 'now'),
        );
        expect(code, stderr).toBe(2);
        expect(stderr).toMatch(new RegExp(`kept on 2026-05-02 00:00:00Z is spoilt.*${why}`, 's'));
      }
    }
  });

  it('is itself recorded, with what was asked', async () => {
    await audit('between', '0', '1');
    const { stdout } = await audit('search', '--kind', 'audit.between', '--limit', '1', '--json');
    expect(jsonLines(stdout)[0]).toMatchObject({ kind: 'audit.between', asked: { from: '0', to: '1' } });
  });

  it('ends with exit code 2 when a checkpoint is forked, and says which', async () => {
    const { logKeyPem } = await openGatewayHome(home, Date.now);
    const { origin, size } = parseCheckpoint(parseNote(readFileSync(join(dir, 'first'))).text);
    const root = Buffer.alloc(32, 7);
    const fork = signCheckpoint({ origin, size, root }, noteSigner(origin, logKeyPem));
    writeFileSync(join(dir, 'forked'), fork);
    const { code, stdout } = await runCauseway([
      'audit',
      'between',
      join(dir, 'forked'),
      'now',
      '--dir',
      home,
    ]);
    expect(code).toBe(2);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `not proven The checkpoint of ${size} leaves with the root BwcH`,
    );
    const json = await audit('between', join(dir, 'forked'), 'now', '--json');
    expect(json.code).toBe(2);
    expect(jsonLines(json.stdout)[0]).toMatchObject({ outcome: 'not-proven', proven: false });
  });

  it('says that the log was rolled back, not that who asks has turned the two round', async () => {
    const { logKeyPem } = await openGatewayHome(home, Date.now);
    const { origin, size } = parseCheckpoint(parseNote(readFileSync(join(dir, 'later'))).text);
    const lost = { origin, size: size + 1000, root: Buffer.alloc(32, 7) };
    const checkpoint = signCheckpoint(lost, noteSigner(origin, logKeyPem));
    writeFileSync(join(dir, 'lost'), checkpoint);
    const kept = { at: Date.UTC(2026, 3, 30), size: lost.size, checkpoint };
    const ask = async (from: string, to: string): Promise<void> => {
      const { code, stdout, stderr } = await audit('between', from, to, '--json');
      expect(code, stderr).toBe(2);
      expect(jsonLines(stdout)[0]).toMatchObject({
        ...{ outcome: 'not-proven', from: { size: lost.size } },
        verdict: expect.stringContaining(`The log was rolled back: it had ${lost.size} leaves`) as string,
      });
    };
    await withKept(
      [kept],
      async () => {
        await ask(join(dir, 'lost'), 'now');
        await ask('2026-04-30', '2026-05-01');
        await ask(String(lost.size), 'now');
      },
      '2026-04-30',
    );
  });

  it('refuses a checkpoint that the log has not signed, and ends with 3 when there is no such file', async () => {
    const origin = parseCheckpoint(parseNote(readFileSync(join(dir, 'first'))).text).origin;
    const strange = signCheckpoint(
      { origin, size: 1, root: Buffer.alloc(32) },
      noteSigner(origin, ed25519()),
    );
    writeFileSync(join(dir, 'strange'), strange);
    const refused = await audit('between', join(dir, 'strange'), 'now');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('note-untrusted');
    expect(refused.stderr).toContain(`${join(dir, 'strange')}: `);
    const other = { origin: 'other.example', size: 1, root: Buffer.alloc(32) };
    writeFileSync(join(dir, 'foreign'), signCheckpoint(other, noteSigner(other.origin, ed25519())));
    const foreign = await audit('between', join(dir, 'foreign'), 'now');
    expect(foreign.code).toBe(2);
    expect(foreign.stderr).toContain('It says other.example');
    expect((await audit('between', '/dev/zero', 'now')).code).toBe(3);
    const missing = await audit('between', join(dir, 'nothing-here'), 'now');
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('is neither a file, nor a time, nor a number of leaves');
    for (const [later, earlier] of [
      ['5', '1'],
      [join(dir, 'later'), join(dir, 'first')],
    ] as const) {
      const turned = await audit('between', later, earlier);
      expect(turned.code).toBe(2);
      expect(turned.stderr).toContain('give the older one first');
    }
  });
});
