import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { batchSigner } from '../../protocol/proof/signing.ts';
import { encodeReceipt } from '../../protocol/wire/receipt.ts';
import { signReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import {
  acceptableAsWritten,
  directoryEntry,
  messageId,
  settlementOf,
} from '../gateway/store/synthetic-messages.ts';
import { ae, duty, storeNotice, withStore } from './filled-store.ts';
import { jsonLines, runCauseway, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const thread = messageId(1);
let dir: string;

const audit = (...args: string[]): Promise<RunResult> =>
  runInProcess(['audit', ...args], { CAUSEWAY_GATEWAY: join(dir, 'gateway') });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-audit-'));
  expect((await runInProcess(['gateway', 'init', join(dir, 'gateway')])).code).toBe(0);
  await storeNotice(join(dir, 'gateway'), {
    record: JSON.stringify({
      kind: 'message.accepted',
      message: messageId(1),
      source: ae,
      to: [duty],
      category: 'unexplained-injury',
      severity: 'urgent',
      purpose: 'child-protection',
      decisions: [{ recipient: duty, effect: 'permit' }],
    }),
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('causeway audit search', () => {
  it('finds deliveries by the endpoint that received them, and is itself a leaf with what was asked', async () => {
    const { code, stdout, stderr } = await audit('search', '--endpoint', duty, '--limit', '2', '--json');
    expect(code, stderr).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      expect.objectContaining({ type: 'leaf', index: 2, kind: 'delivery.stored', source: ae, case: thread }),
      expect.objectContaining({ type: 'leaf', index: 1, kind: 'delivery.delivered' }),
      { type: 'page', leaves: 2, next: 1 },
    ]);
    const rest = await audit('search', '--endpoint', duty, '--before', '1', '--json');
    expect(jsonLines(rest.stdout).map(({ index }) => index)).toEqual([0, undefined]);
    const searches = jsonLines((await audit('search', '--kind', 'audit.search', '--json')).stdout);
    expect(searches.at(-2)).toMatchObject({ asked: { endpoint: [duty] } });
  });

  it('says so when nothing is found, and what is wrong with a time', async () => {
    const nothing = await audit('search', '--agency', 'strathclyde-police');
    expect(nothing).toMatchObject({ code: 0, stdout: '' });
    expect(nothing.stderr).toContain('No leaf meets these conditions.');
    expect(nothing.stderr).not.toContain('No agency');
    const stranger = await audit('search', '--agency', 'strathclide-police');
    expect(stranger).toMatchObject({ code: 0, stdout: '' });
    expect(stranger.stderr).toContain('No agency strathclide-police stands in the sharing agreement');
    const told = jsonLines((await audit('search', '--agency', 'strathclide-police', '--json')).stdout);
    expect(told.at(-1)).toMatchObject({ leaves: 0, unknownAgencies: ['strathclide-police'] });
    const wrong = await audit('search', '--from', '2026-02-30');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('It must be a time such as');
  });
});

describe('a kind that is misspelt', () => {
  it.each([
    ['audit', 'search'],
    ['audit', 'export', '--format', 'csv'],
  ])('is refused by %s %s with the list of kinds, before anything is recorded', async (...command) => {
    const env = { CAUSEWAY_GATEWAY: join(dir, 'gateway') };
    const { code, stdout, stderr } = await runCauseway([...command, '--kind', 'mesage.refused'], { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('message.accepted, message.refused, message.repeated');
  });
});

describe('conditions that nothing can ever meet', () => {
  it.each([
    [['--outcome', 'policy-deneid'], 'accepted, refused, repeated'],
    [['--from', '2026-12-01', '--to', '2026-11-01'], 'The time of --from is not before that of --to'],
  ])('%j are refused before anything is recorded, and not answered with no leaves', async (flags, words) => {
    const env = { CAUSEWAY_GATEWAY: join(dir, 'gateway') };
    const { code, stdout, stderr } = await runInProcess(['audit', 'search', ...flags], env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(words);
  });
});

describe('other readings of people', () => {
  it.each([
    [['endpoint', 'list'], 'audit.endpoints-listed'],
    [['gateway', 'check'], 'audit.gateway-checked'],
    [['gateway', 'records'], 'audit.records-read'],
  ])('%j is a leaf', async (command, kind) => {
    const env = { CAUSEWAY_GATEWAY: join(dir, 'gateway') };
    const done = await runInProcess(command, env);
    expect(done.code, done.stderr).toBe(0);
    const found = jsonLines((await audit('search', '--kind', kind, '--json')).stdout);
    expect(found).toMatchObject([{ kind, by: userInfo().username }, { leaves: 1 }]);
  });
});

describe('causeway audit export', () => {
  it('writes what the filters find as FHIR, ECS and CSV, and is a leaf before that', async () => {
    const about = ['--endpoint', duty];
    const fhir = await audit('export', '--format', 'fhir', ...about);
    expect(fhir.code, fhir.stderr).toBe(0);
    expect(jsonLines(fhir.stdout)).toMatchObject([
      { resourceType: 'AuditEvent', id: 'leaf-0', action: 'C', outcome: '0' },
      { id: 'leaf-1', subtype: [{ code: 'delivery.delivered' }] },
      { id: 'leaf-2', agent: [{ who: { display: duty }, requestor: true }, { who: { display: ae } }] },
    ]);
    const ecs = await audit('export', '--format', 'ecs', '--kind', 'audit.export');
    expect(jsonLines(ecs.stdout)).toMatchObject([
      {
        event: { action: 'audit.export' },
        causeway: { details: expect.stringContaining('"fhir"') as string },
      },
    ]);
    const csv = await audit('export', '--format', 'csv', ...about, '--outcome', 'stored');
    expect(csv.stdout.split('\r\n').map((line) => line.split(',')[2])).toEqual([
      'kind',
      'delivery.stored',
      undefined,
    ]);
    expect(csv.stderr).toContain('1 leaf written.');
  });

  it('asks for one of its formats', async () => {
    const { code, stderr } = await audit('export', '--format', 'xml');
    expect(code).toBe(2);
    expect(stderr).toContain('fhir, ecs, csv');
  });
});

describe('causeway audit story', () => {
  it('tells who sent what to whom and why, what came of it, and who read it', async () => {
    await audit('story', thread);
    const { code, stdout, stderr } = await audit('story', thread, '--json');
    expect(code, stderr).toBe(0);
    const sentences = jsonLines(stdout);
    expect(sentences.map(({ leaf }) => leaf).slice(0, 3)).toEqual([0, 1, 2]);
    expect(sentences[0]?.text).toBe(
      'NHS Lanarkshire (emergency department) sent a notice of the kind “Unexplained injury” (urgent) to ' +
        'North Lanarkshire Social Work (duty), in order to protect a child from significant harm.',
    );
    expect(sentences[2]?.text).toMatch(/^North Lanarkshire Social Work \(duty\) stored the notice of leaf 0/);
    expect(sentences.at(-1)?.text).toMatch(/read the story of this case\.$/);
  });

  it('fills its lines: no word stands on the next one that had room', async () => {
    const lines = (await audit('story', thread)).stdout.split('\n');
    expect(lines[0]).toMatch(/^The case \S+ {2}all times are Scottish$/);
    const isContinued = (line: string): boolean => line.startsWith(' '.repeat(12));
    expect(lines.filter(isContinued).length).toBeGreaterThan(0);
    for (const [nth, line] of lines.entries()) {
      expect(line.length).toBeLessThanOrEqual(100);
      const next = lines[nth + 1] ?? '';
      if (isContinued(next)) expect(`${line} ${next.trim().split(' ')[0]}`.length).toBeGreaterThan(100);
    }
  });

  it('tells who had evidence made of one of its messages', async () => {
    const made = await audit('prove', messageId(1), '-o', join(dir, 'evidence.json'));
    expect(made.code, made.stderr).toBe(0);
    const { stdout } = await audit('story', thread, '--json');
    const told = jsonLines(stdout).map(({ text }) => text);
    expect(told).toContainEqual(expect.stringMatching(/ took the evidence about a notice of this case\.$/));
  });

  it('tells by which code a recipient refused, from the receipt that it signed', async () => {
    const message = acceptableAsWritten(
      2,
      {
        expiresAt: Date.now() + 3600_000,
        recipients: [{ endpoint: duty, listening: true }],
        record: JSON.stringify({
          ...{ kind: 'message.accepted', message: messageId(2), source: ae, to: [duty] },
          ...{ category: 'unexplained-injury', severity: 'urgent', purpose: 'child-protection' },
          decisions: [{ recipient: duty, effect: 'permit' }],
        }),
      },
      ae,
    );
    const { privateKey } = generateKeyPairSync('ed25519');
    const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const receipt = encodeReceipt({
      ...{ kind: 'refused', message: message.id, envelopeDigest: message.envelopeDigest, at: Date.now() },
      ...{ issuer: duty, recipient: duty, detail: '{"code":"dataset-invalid","text":"Words of its own."}' },
    });
    await withStore(join(dir, 'gateway'), async (store) => {
      await store.submit({ source: ae, messages: [message] });
      const group = signReceiptGroup([receipt], batchSigner(signingKey));
      await store.settle({ ...settlementOf([message], duty, 'refused'), group });
    });
    const { stdout } = await audit('story', messageId(2), '--json');
    expect(jsonLines(stdout)[1]?.text).toBe(
      'North Lanarkshire Social Work (duty) refused the notice of leaf ' +
        `${String(jsonLines(stdout)[0]?.leaf)} and signed for it, at once (dataset-invalid): ` +
        'The content does not match the schema of its data set.',
    );
  });

  it('knows no case that never was', async () => {
    const { code, stderr } = await audit('story', messageId(77));
    expect(code).toBe(1);
    expect(stderr).toContain('code   case-unknown');
  });
});

// Last, for it adds a leaf that others would find.
describe('causeway audit search, of a leaf that says much', () => {
  it('keeps a line for people short, whatever a leaf holds', async () => {
    const became = directoryEntry(duty, { openpgpCertificate: 'x'.repeat(3_000) });
    const { tlsThumbprint, openpgpFingerprint, encryptionKey, signingKey } = became;
    const keys = { tlsThumbprint, openpgpFingerprint, encryptionKey, signingKey };
    await withStore(join(dir, 'gateway'), async (store) =>
      store.appendRecords([{ kind: 'endpoint.enrolled', endpoint: duty, ...keys, roles: ['duty'], became }]),
    );
    const { stdout } = await audit('search', '--endpoint', duty);
    const lines = stdout.split('\n');
    expect(lines[0]).toContain(`endpoint.enrolled`);
    expect(lines[0]).toMatch(new RegExp(`endpoint=${duty} roles=\\["duty"\\]$`));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(250);
    const json = jsonLines((await audit('search', '--kind', 'endpoint.enrolled', '--json')).stdout);
    expect(json[0]).toMatchObject({ became });
  });

  it('names a few of many recipients and counts the rest, and lengthens no other line', async () => {
    const linesOf = async (): Promise<string[]> => {
      const { stdout } = await audit('search', '--kind', 'message.accepted', '--kind', 'delivery.stored');
      return stdout.trimEnd().split('\n');
    };
    const before = await linesOf();
    const to = Array.from({ length: 12 }, (_, place) => `nhs-lanarkshire/ward-${place + 1}`);
    const notice = { source: ae, to, category: 'unexplained-injury', severity: 'urgent' };
    await withStore(join(dir, 'gateway'), async (store) =>
      store.appendRecords([{ kind: 'message.accepted', message: messageId(5), ...notice }]),
    );
    const [line, ...others] = await linesOf();
    expect(line).toMatch(
      /\(urgent\) {2,}\S+ → nhs-lanarkshire\/ward-1, nhs-lanarkshire\/ward-2 and 10 others$/,
    );
    expect(others).toEqual(before);
    const [json] = jsonLines((await audit('search', '--kind', 'message.accepted', '--json')).stdout);
    expect(json).toMatchObject({ recipients: to });
  });
});
