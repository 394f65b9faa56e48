/** What holds for every command that reads what the gateway knows. */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WriterClient } from '../../gateway/store/sqlite/writer-client.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { messageId } from '../gateway/store/synthetic-messages.ts';
import { storeNotice, withStore } from './filled-store.ts';
import { jsonLines, repository, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const id = messageId(1);
let dir: string;
let home: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-reading-'));
  home = join(dir, 'gateway');
  expect((await runInProcess(['gateway', 'init', home])).code).toBe(0);
  await storeNotice(home);
  // What stands in it, so that whatever reads it has something to show.
  expect((await run('audit', 'checkpoint')).code).toBe(0);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const run = (...args: string[]): Promise<RunResult> => runInProcess(args, { CAUSEWAY_GATEWAY: home });
const evidence = (): string => join(dir, 'evidence.json');

type Run = (this: WriterClient, encode: Encode, ...rest: unknown[]) => Promise<never>;
type Encode = () => { readonly type: string; readonly records?: readonly string[] };

/** Lets all go on in the store but what is to be recorded. @returns the kinds that were to be */
function refuseRecords(): string[] {
  const refused: string[] = [];
  const carryOut = Reflect.get(WriterClient.prototype, 'run') as unknown as Run;
  const carryOutOthers: Run = async function (encode, ...rest) {
    const { type, records = [] } = encode();
    if (type !== 'append-records') return carryOut.call(this, encode, ...rest);
    refused.push(...records.map((record) => (JSON.parse(record) as { kind: string }).kind));
    throw new CausewayError('store-unavailable', { detail: 'Nothing is recorded.' });
  };
  vi.spyOn(WriterClient.prototype, 'run').mockImplementation(carryOutOthers as never);
  return refused;
}

const readings: readonly (readonly [kind: string, ...command: string[]])[] = [
  ['audit.search', 'audit', 'search'],
  ['audit.story', 'audit', 'story', id],
  ['audit.between', 'audit', 'between', '1', 'now'],
  ['audit.export', 'audit', 'export', '--format', 'csv'],
  ['audit.proof-made', 'audit', 'prove', id, '-o', 'OUT'],
  ['audit.erasure', 'audit', 'erase', id, '--authority', 'Records Manager'],
  ['audit.records-read', 'gateway', 'records'],
  ['audit.endpoints-listed', 'endpoint', 'list'],
  ['audit.pattern-replay', 'pattern', 'replay', '--since', '1d'],
  ['audit.pattern-silence', 'pattern', 'why-not', id],
  ['audit.alert', 'pattern', 'explain', id],
  ['audit.alerts', 'pattern', 'precision'],
];

/** Recorded as well, and tested below, or where a copy is made all the same: gateway-backup.test.ts. */
const others = ['audit.gateway-checked', 'audit.store-copied'];

describe('what a person reads', () => {
  it.each(readings)('is not shown where it cannot be recorded as %s', async (kind, ...command) => {
    const refused = refuseRecords();
    for (const form of [[], ['--json']]) {
      const words = command.map((word) => (word === 'OUT' ? evidence() : word));
      const { code, stdout, stderr } = await run(...words, ...form);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain('Nothing is recorded.');
    }
    expect(refused).toEqual([kind, kind]);
    expect(existsSync(evidence())).toBe(false);
  });

  it('is not shown by a check of the gateway that cannot be recorded, of which only the failure is told', async () => {
    const refused = refuseRecords();
    const { code, stdout } = await run('gateway', 'check', '--json');
    expect(code).toBe(1);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ check: 'store', verdict: 'bad' });
    expect(refused).toEqual(['audit.gateway-checked']);
  });

  it('is in the table above, whichever command shows it', () => {
    const made = globSync('gateway/cli/*.ts', { cwd: repository }).flatMap((file) =>
      Array.from(
        readFileSync(join(repository, file), 'utf8').matchAll(/'(audit\.[a-z-]+)'/g),
        ([, kind]) => kind,
      ),
    );
    expect(new Set(made)).toEqual(new Set([...readings.map(([kind]) => kind), ...others]));
  });
});

describe('a command that takes over a second', () => {
  /** As if all that goes on took so long. */
  function hurryProgress(): void {
    const original = setTimeout;
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((show: () => void, ms: number) => {
      if (ms === 1_000) show();
      return original(ms === 1_000 ? () => undefined : show, ms);
    }) as typeof setTimeout);
  }

  it.each<[command: string[], ...labels: string[]]>([
    [['audit', 'checkpoint'], 'Bringing the published log up to date'],
    [['audit', 'search'], 'Searching'],
    [['audit', 'story', id], 'Reading the leaves of the case'],
    [['audit', 'prove', id, '-o', '/dev/null'], 'Collecting the evidence'],
    [['audit', 'between', '1', 'now'], 'Looking for the checkpoints'],
    [['audit', 'export', '--format', 'fhir'], 'Looking for the leaves', 'Writing leaves'],
    [['pattern', 'precision'], 'Reading the leaves about alerts'],
    // Last, for it takes the case away.
    [
      ['audit', 'erase', id, '--authority', 'Records Manager'],
      'Bringing the search index up to date',
      'Looking for alerts about the case',
      'Erasing the case',
      'Waiting for those who read the store as it was',
    ],
    [['audit', 'erase', id, '--authority', 'Records Manager'], 'Making the certificate'],
  ])('shows what it does: %j', async (command, ...labels) => {
    await withStore(home, (store) => store.appendRecords([{ kind: 'test.happened' }]));
    hurryProgress();
    const { stderr } = await run(...command);
    expect(stderr.split('\n')).toEqual(expect.arrayContaining(labels.map((label) => `${label} …`)));
  });
});
