import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { verdictOf, type AuditReport } from '../../../clients/audit/finding.ts';
import { logFolder, readLogFile } from '../../../clients/audit/log-folder.ts';
import { verifyLog, type VerifyLogOptions } from '../../../clients/audit/verify-log.ts';
import { encodeLeaf } from '../../../protocol/audit/leaf.ts';
import { noteSigner } from '../../../protocol/proof/note-signer.ts';
import { parseVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { isPresent, readShared, sharedData } from '../../protocol/proof/shared-data.ts';
import { committee, entriesOf, filesIn, logSigner, newKeyPem, sampleLog } from './sample-log.ts';

const trust = { keys: [logSigner.verifierKey], witnesses: [committee.verifierKey] };
const entries = entriesOf(700);
const good = sampleLog(entries, { witness: committee });

type Change = (files: Map<string, Buffer>) => void;

function verifyChanged(change: Change, since?: Buffer): Promise<AuditReport> {
  const files = new Map(Array.from(good, ([path, bytes]) => [path, Buffer.from(bytes)]));
  change(files);
  const older = since === undefined ? {} : { since: { name: 'older', bytes: since } };
  return verifyLog(filesIn(files), { trust, ...older });
}

function put(files: Map<string, Buffer>, other: ReadonlyMap<string, Buffer>, ...paths: string[]): void {
  for (const path of paths) files.set(path, other.get(path)!);
}

const flip =
  (path: string, at: number): Change =>
  (files) =>
    (files.get(path)![at]! ^= 1);
const lastBundle = 'tile/entries/002.p/188';

describe('the verifier of a log', () => {
  it('finds nothing wrong with a good log of any size', async () => {
    for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 700]) {
      const files = sampleLog(entries.slice(0, size), { witness: committee });
      const report = await verifyLog(filesIn(files), { trust });
      expect(report).toMatchObject({ findings: [], size, origin: 'log.example/causeway' });
      expect(report.cosignatures).toEqual([
        { name: 'witness.example/committee', timeSeconds: 1_700_000_000 },
      ]);
      expect(verdictOf(report)).toMatch(/^This log verifies: all \d+ entr/);
    }
  });

  it('confirms that a log has only grown since an older checkpoint', async () => {
    for (const size of [0, 1, 255, 256, 300, 512, 700]) {
      const older = sampleLog(entries.slice(0, size)).get('checkpoint')!;
      expect(await verifyChanged(() => undefined, older)).toMatchObject({ findings: [], since: size });
    }
  });

  /** When the witness of a sample has cosigned. */
  const cosignedAt = 1_700_000_000_000;
  /** A log of 700 entries, of which the witness has cosigned the first 300. */
  function verifyBehind(
    all: readonly Buffer[],
    bounds: Pick<VerifyLogOptions, 'uncosignedAtMostMs' | 'copiedAtMs'> = {},
  ): Promise<AuditReport> {
    const files = sampleLog(all);
    const witnessed = sampleLog(all.slice(0, 300), { witness: committee }).get('checkpoint')!;
    files.set('checkpoint.witnessed', witnessed);
    return verifyLog(filesIn(files), { trust, ...bounds });
  }
  /** @param ms between two entries; the first that is not cosigned came when the others were */
  const loggedEvery = (ms: number): Buffer[] =>
    entries.map((_, nth) =>
      Buffer.from(encodeLeaf({ kind: 'test.happened', at: cosignedAt + (nth - 300) * ms })),
    );

  it('counts what the witness cosigned while newer entries wait for it', async () => {
    const report = await verifyBehind(loggedEvery(2_000));
    expect(report).toMatchObject({ findings: [], size: 700, witnessed: 300 });
    expect(verdictOf(report)).toContain(
      'which witness.example/committee cosigned for the first 300 entries. ' +
        'That there is one history of the 400 entries after that, nobody but the log has said.',
    );
    const without = await verifyChanged((files) => put(files, sampleLog(entries), 'checkpoint'));
    expect(without.findings).toMatchObject([{ kind: 'unwitnessed', where: 'checkpoint' }]);
  });

  it('finds a log that has gone on without the witness for long, or nobody can tell for how long', async () => {
    const slow = loggedEvery(3_000);
    const tooLong = await verifyBehind(slow);
    expect(tooLong).toMatchObject({
      findings: [{ kind: 'unwitnessed', where: 'checkpoint' }],
      witnessed: 300,
    });
    expect(verdictOf(tooLong)).toBe(
      'This log does not verify: the newest checkpoint that each named witness has cosigned has size 300, ' +
        'and the log has gone on for more than 15 minutes since, by the times of its entries and of the cosignatures.',
    );
    const after = async (uncosignedAtMostMs: number) =>
      (await verifyBehind(slow, { uncosignedAtMostMs })).findings;
    expect(await after(399 * 3_000)).toEqual([]);
    expect(await after(399 * 3_000 - 1)).toMatchObject([{ kind: 'unwitnessed' }]);
    expect((await verifyBehind(entries)).findings).toMatchObject([{ kind: 'unwitnessed', entry: 300 }]);
  });

  it('finds entries that waited, stood still or ran ahead by a time that is not theirs', async () => {
    const minutes = 60_000;
    const still = loggedEvery(0);
    const unwitnessed = [{ kind: 'unwitnessed', where: 'checkpoint', entry: 300 }];
    expect((await verifyBehind(still)).findings).toEqual([]);
    for (const [shiftMs, isGood] of [
      [15 * minutes, true],
      [15 * minutes + 1, false],
      [-15 * minutes, true],
      [-15 * minutes - 1, false],
    ] as const) {
      const { findings, copiedAtMs } = await verifyBehind(still, { copiedAtMs: cosignedAt + shiftMs });
      expect(findings).toMatchObject(isGood ? [] : unwitnessed);
      expect(copiedAtMs).toBe(cosignedAt + shiftMs);
    }
    // They were there when the witness cosigned, and it was not shown them.
    const withheld = still.map((leaf) =>
      Buffer.from(leaf.toString().replace(/"at":\d+/, `"at":${cosignedAt - 1e7}`)),
    );
    expect((await verifyBehind(withheld)).findings).toMatchObject(unwitnessed);
    const idle = loggedEvery(86_400_000).slice(0, 301);
    expect((await verifyBehind(idle)).findings).toEqual([]);
  });

  it('reads the time of an entry with a code and a field that a later version has', async () => {
    const later = Buffer.from(
      `{"kind":"message.refused","at":${cosignedAt},"code":"of-a-later-version","new":[1],"commitment":"x"}`,
    );
    expect((await verifyBehind(entries.map(() => later))).findings).toEqual([]);
  });

  it.each<[string, Buffer, object]>([
    [
      'another history',
      sampleLog(entriesOf(300, 'other'), { witness: committee }).get('checkpoint')!,
      { kind: 'forked', where: 'checkpoint.witnessed' },
    ],
    [
      'more entries than the checkpoint',
      sampleLog(entriesOf(900), { witness: committee }).get('checkpoint')!,
      { kind: 'rolled-back' },
    ],
    ['no checkpoint', Buffer.from('x'), { kind: 'edited', where: 'checkpoint.witnessed' }],
  ])('tells where what the witness cosigned is %s', async (_name, bytes, finding) => {
    const { findings } = await verifyChanged((files) => files.set('checkpoint.witnessed', bytes));
    expect(findings).toMatchObject([finding]);
  });

  it('takes partial tiles of earlier sizes, and the full tile in place of a partial one', async () => {
    const report = await verifyChanged((files) => {
      put(
        files,
        sampleLog(entries.slice(0, 300)),
        'tile/0/001.p/44',
        'tile/entries/001.p/44',
        'tile/1/000.p/1',
      );
    });
    expect(report.findings).toEqual([]);
  });

  const other = sampleLog(entriesOf(700, 'other'), { witness: committee });
  const longer = sampleLog(entriesOf(900), { witness: committee });
  const moved = entries.with(3, entries[600]!).with(600, entries[3]!);

  it.each<[string, Change, object]>([
    [
      'an entry that was edited',
      flip('tile/entries/001', 20),
      { kind: 'edited', where: 'tile/entries/001', entry: 256 },
    ],
    ['an entry of the last bundle', flip(lastBundle, 2), { kind: 'edited', where: lastBundle, entry: 512 }],
    [
      'a bundle that was cut',
      (files) => files.set(lastBundle, files.get(lastBundle)!.subarray(0, -9)),
      { kind: 'truncated', where: lastBundle },
    ],
    [
      'a bundle that is missing',
      (files) => files.delete('tile/entries/001'),
      { kind: 'truncated', where: 'tile/entries/001', entry: 256 },
    ],
    [
      'a leaf tile that was edited',
      flip('tile/0/001', 64),
      { kind: 'edited', where: 'tile/0/001', entry: 258 },
    ],
    [
      'a tile above that was edited',
      flip('tile/1/000.p/2', 32),
      { kind: 'edited', where: 'tile/1/000.p/2', entry: 256 },
    ],
    [
      'a tile that is missing',
      (files) => files.delete('tile/0/000'),
      { kind: 'truncated', where: 'tile/0/000' },
    ],
    [
      'a tile that was cut',
      (files) => files.set('tile/0/000', files.get('tile/0/000')!.subarray(0, 4096)),
      { kind: 'truncated', where: 'tile/0/000' },
    ],
    [
      'a tile in the place of another',
      (files) => files.set('tile/0/000', files.get('tile/0/001')!),
      { kind: 'swapped', where: 'tile/0/000' },
    ],
    [
      'two entries that changed places',
      (files) => put(files, sampleLog(entries, { shown: moved }), 'tile/entries/000', lastBundle),
      { kind: 'reordered', where: 'tile/entries/000', entry: 3 },
    ],
    [
      'an entry and its tile changed together',
      (files) => put(files, sampleLog(moved), 'tile/entries/000', 'tile/0/000'),
      { kind: 'edited', where: 'tile/0/000' },
    ],
    [
      'everything below the checkpoint rewritten',
      (files) => put(files, other, ...[...other.keys()].filter((path) => path !== 'checkpoint')),
      { kind: 'forked', where: 'checkpoint' },
    ],
    [
      'an older checkpoint',
      (files) => put(files, sampleLog(entries.slice(0, 600), { witness: committee }), 'checkpoint'),
      { kind: 'rolled-back', where: 'checkpoint', line: 2 },
    ],
    [
      'a later checkpoint',
      (files) => put(files, longer, 'checkpoint'),
      { kind: 'truncated', where: 'tile/entries/002' },
    ],
    [
      'the checkpoint of another log',
      (files) => put(files, sampleLog(entries, { origin: 'log.example/other' }), 'checkpoint'),
      { kind: 'other-origin', where: 'checkpoint', line: 1 },
    ],
    [
      'a checkpoint of another key',
      (files) =>
        put(
          files,
          sampleLog(entries, { signer: noteSigner('log.example/causeway', newKeyPem()) }),
          'checkpoint',
        ),
      { kind: 'wrong-key', where: 'checkpoint' },
    ],
    [
      'a checkpoint without the witness',
      (files) => put(files, sampleLog(entries), 'checkpoint'),
      { kind: 'unwitnessed', where: 'checkpoint' },
    ],
    [
      'a checkpoint whose size was edited',
      (files) =>
        files.set(
          'checkpoint',
          Buffer.from(good.get('checkpoint')!.toString().replace('\n700\n', '\n701\n')),
        ),
      { kind: 'edited', where: 'checkpoint' },
    ],
    [
      'a checkpoint that is no text',
      (files) => files.set('checkpoint', Buffer.alloc(100, 0xff)),
      { kind: 'edited', where: 'checkpoint' },
    ],
    ['no checkpoint', (files) => files.delete('checkpoint'), { kind: 'truncated', where: 'checkpoint' }],
    [
      'an earlier partial tile that was edited',
      (files) => files.set('tile/0/000.p/1', Buffer.alloc(32)),
      { kind: 'edited', where: 'tile/0/000.p/1' },
    ],
  ])('says which and where of %s', async (_what, change, expected) => {
    const report = await verifyChanged(change);
    expect(report.findings[0]).toMatchObject(expected);
    expect(verdictOf(report)).toMatch(/^This log does not verify: /);
  });

  it('finds a history that is not the one that an older checkpoint signed, and one that is shorter', async () => {
    const nothing = (): void => undefined;
    const forked = sampleLog(entriesOf(500, 'other')).get('checkpoint')!;
    expect((await verifyChanged(nothing, forked)).findings).toMatchObject([
      {
        ...{ kind: 'forked', where: 'older' },
        text: 'the first 500 entries are not those that older has signed: the log has signed two histories.',
      },
    ]);
    expect((await verifyChanged(nothing, longer.get('checkpoint'))).findings).toMatchObject([
      { kind: 'rolled-back', where: 'checkpoint' },
    ]);
    const foreign = sampleLog(entries, { origin: 'log.example/other' }).get('checkpoint')!;
    expect((await verifyChanged(nothing, foreign)).findings).toMatchObject([
      { kind: 'other-origin', where: 'older' },
    ]);
  });

  it('takes an entry that was edited for no second history, and tells of one beside it', async () => {
    const edited = { kind: 'edited', where: 'tile/entries/001', entry: 256 };
    const edit = flip('tile/entries/001', 20);
    for (const size of [300, 512, 700]) {
      const signed = sampleLog(entries.slice(0, size), { witness: committee }).get('checkpoint')!;
      const { findings } = await verifyChanged((files) => {
        files.set('checkpoint.witnessed', signed);
        edit(files);
      }, signed);
      expect(findings).toMatchObject([edited]);
      const forked = sampleLog(entriesOf(size, 'other')).get('checkpoint')!;
      expect((await verifyChanged(edit, forked)).findings).toMatchObject([
        { kind: 'forked', where: 'older' },
        edited,
      ]);
    }
    const removed = await verifyChanged((files) => files.delete('tile/entries/001'), good.get('checkpoint'));
    expect(removed.findings).toMatchObject([{ kind: 'truncated', where: 'tile/entries/001' }]);
  });

  it('finds a wider partial tile by its folder, the narrowest first, and asks for no file that is not there', async () => {
    const files = sampleLog(entries);
    const folder = 'tile/0/002.p';
    for (const name of ['250', '190', '100', '0189', '189.x', '256'])
      files.set(`${folder}/${name}`, Buffer.alloc(1));
    files.delete(`${folder}/188`);
    const asked: string[] = [];
    const shelf = filesIn(files);
    const counted = {
      ...shelf,
      readFile: (path: string, limit: number) => {
        asked.push(path);
        return shelf.readFile(path, limit);
      },
    };
    const found = await readLogFile(counted, { level: 0, index: 2, width: 188 });
    expect(found).toMatchObject({ path: `${folder}/190`, width: 190 });
    expect(asked).toEqual([`${folder}/188`, 'tile/0/002', `${folder}/190`]);
    asked.length = 0;
    expect(await readLogFile(counted, { level: 0, index: 2, width: 251 })).toBeUndefined();
    // Looked for once more, in case it was just being replaced.
    expect(asked).toEqual([`${folder}/251`, 'tile/0/002', `${folder}/251`, 'tile/0/002']);
    asked.length = 0;
    expect(await readLogFile(counted, { level: 0, index: 3, width: 256 })).toBeUndefined();
    expect(asked).toEqual(['tile/0/003']);
  });

  it.each(['before it is listed', 'before it is read'])(
    'finds a partial tile that becomes full while it is looked for, %s',
    async (moment) => {
      const files = sampleLog(entriesOf(900));
      const full = files.get('tile/0/002')!;
      files.delete('tile/0/002');
      files.set('tile/0/002.p/200', full.subarray(0, 200 * 32));
      const shelf = filesIn(files);
      const fill = (): void => {
        files.set('tile/0/002', full);
        files.delete('tile/0/002.p/200');
      };
      const growing = {
        ...shelf,
        namesIn: async (folder: string) => {
          if (moment === 'before it is listed') fill();
          const names = await shelf.namesIn(folder);
          fill();
          return names;
        },
      };
      const found = await readLogFile(growing, { level: 0, index: 2, width: 188 });
      expect(found).toMatchObject({ path: 'tile/0/002', width: 256 });
    },
  );

  it('takes tiles beyond the checkpoint for growth when the checkpoint has meanwhile grown too', async () => {
    const files = filesIn(sampleLog(entriesOf(900)));
    let reads = 0;
    const older = sampleLog(entries).get('checkpoint')!;
    const growing = {
      ...files,
      readFile: (path: string, limit: number) =>
        path === 'checkpoint' && reads++ === 0 ? Promise.resolve(older) : files.readFile(path, limit),
    };
    const { findings } = await verifyLog(growing, { trust: { keys: trust.keys } });
    expect(findings.filter(({ kind }) => kind === 'rolled-back')).toEqual([]);
  });

  it('waits for the checkpoint of tiles that a gateway has just written', async () => {
    const [older, newer] = [entries, entriesOf(900)].map((each) => sampleLog(each));
    const shelf = filesIn(new Map([...newer!, ['checkpoint', older!.get('checkpoint')!]]));
    let reads = 0;
    const growing = {
      ...shelf,
      readFile: (path: string, limit: number) =>
        path === 'checkpoint' && ++reads > 3
          ? Promise.resolve(newer!.get('checkpoint'))
          : shelf.readFile(path, limit),
    };
    const { findings } = await verifyLog(growing, { trust: { keys: trust.keys }, growsWithinMs: 60_000 });
    expect(findings.filter(({ kind }) => kind === 'rolled-back')).toEqual([]);
    expect(reads).toBe(4);
  });

  it('does not judge where there is nothing', async () => {
    await expect(verifyLog(filesIn(new Map()), { trust })).rejects.toMatchObject({ code: 'log-unreadable' });
  });
});

const present = isPresent('tlog/checkpoint');

describe(`the real log in ../shared/data/tlog (${present ? 'present' : 'absent, so not run'})`, () => {
  it.skipIf(!present)('verifies, against each of its sixteen checkpoints', async () => {
    const key = parseVerifierKey(
      'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx',
    );
    const files = logFolder(fileURLToPath(sharedData('tlog')));
    for (let size = 0; size <= 15; size++) {
      const since = { name: `checkpoint.${size}`, bytes: Buffer.from(readShared(`tlog/checkpoint.${size}`)) };
      const report = await verifyLog(files, { trust: { keys: [key] }, since });
      expect(report).toMatchObject({ findings: [], size: 15, since: size });
    }
  });
});
