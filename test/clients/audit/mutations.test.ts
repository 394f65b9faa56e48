/** 10,000 random changes of a log, each caught. `CAUSEWAY_SEED` repeats a run. */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyLog } from '../../../clients/audit/verify-log.ts';
import { decodeBundle, encodeBundle, parseTilePath } from '../../../protocol/proof/tile.ts';
import { committee, entriesOf, filesIn, logSigner, sampleLog } from './sample-log.ts';

const mutations = 10_000;
const seed = Number(process.env.CAUSEWAY_SEED ?? randomInt(2 ** 31));

/** Numbers from 0 to before `below`, the same ones for the same seed (mulberry32). */
function generator(state: number): (below: number) => number {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Files = Map<string, Buffer>;
type Mutation = (files: Files, next: (below: number) => number) => string;

const pick = <T>(items: readonly T[], next: (below: number) => number): T => items[next(items.length)]!;

function changeBytes(
  files: Files,
  next: (below: number) => number,
  change: (bytes: Buffer) => Buffer,
): string {
  const path = pick([...files.keys()], next);
  files.set(path, change(Buffer.from(files.get(path)!)));
  return path;
}

const kinds: Record<string, Mutation> = {
  'flip a bit': (files, next) =>
    changeBytes(files, next, (bytes) => {
      bytes[next(bytes.length)]! ^= 1 << next(8);
      return bytes;
    }),
  'cut the end': (files, next) => changeBytes(files, next, (bytes) => bytes.subarray(0, next(bytes.length))),
  'cut the beginning': (files, next) =>
    changeBytes(files, next, (bytes) => bytes.subarray(1 + next(bytes.length))),
  'append bytes': (files, next) =>
    changeBytes(files, next, (bytes) => Buffer.concat([bytes, Buffer.alloc(1 + next(64), next(256))])),
  'insert a byte': (files, next) =>
    changeBytes(files, next, (bytes) => {
      const at = next(bytes.length);
      return Buffer.concat([bytes.subarray(0, at), Buffer.of(next(256)), bytes.subarray(at)]);
    }),
  'remove a byte': (files, next) =>
    changeBytes(files, next, (bytes) => {
      const at = next(bytes.length);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    }),
  'remove a file': (files, next) => {
    const path = pick([...files.keys()], next);
    files.delete(path);
    return path;
  },
  'exchange two files': (files, next) => {
    const [one, two] = [pick([...files.keys()], next), pick([...files.keys()], next)];
    const [first, second] = [files.get(one)!, files.get(two)!];
    files.set(one, second).set(two, first);
    return `${one} and ${two}`;
  },
  'exchange two entries': (files, next) =>
    changeEntries(files, next, (entries) => {
      const [one, two] = [next(entries.length), next(entries.length)];
      return entries.with(one, entries[two]!).with(two, entries[one]!);
    }),
  'repeat an entry': (files, next) =>
    changeEntries(files, next, (entries) => entries.with(next(entries.length), pick(entries, next))),
  'drop an entry': (files, next) =>
    changeEntries(files, next, (entries) => entries.toSpliced(next(entries.length), 1)),
};

function changeEntries(
  files: Files,
  next: (below: number) => number,
  change: (entries: Buffer[]) => Buffer[],
): string {
  const path = pick(
    [...files.keys()].filter((key) => key.startsWith('tile/entries/')),
    next,
  );
  const entries = decodeBundle(files.get(path)!, parseTilePath(path)!.width);
  files.set(path, encodeBundle(change(entries)));
  return path;
}

describe('10,000 random changes of a log', () => {
  it(`are each caught (seed ${seed})`, { timeout: 300_000 }, async () => {
    const good = sampleLog(entriesOf(300), { witness: committee });
    const trust = { keys: [logSigner.verifierKey], witnesses: [committee.verifierKey] };
    const next = generator(seed);
    let caught = 0;
    const missed: string[] = [];
    while (caught + missed.length < mutations) {
      const files: Files = new Map(good);
      const [name, mutate] = pick(Object.entries(kinds), next);
      const where = mutate(files, next);
      const isSame = [...good].every(([path, bytes]) => files.get(path)?.equals(bytes) === true);
      if (isSame) continue;
      const { findings } = await verifyLog(filesIn(files), { trust });
      if (findings.length > 0) caught++;
      else missed.push(`${name}: ${where}`);
    }
    expect(missed).toEqual([]);
    expect(caught).toBe(mutations);
  });
});
