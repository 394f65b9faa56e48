import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyProof } from '../../../clients/audit/verify-proof.ts';
import { signCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { formatLogProof, parseLogProof, type LogProof } from '../../../protocol/proof/log-proof.ts';
import { noteSigner } from '../../../protocol/proof/note-signer.ts';
import { leavesOf, slowPath, slowRoot } from './slow-tree.ts';

const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const log = noteSigner('log.example/causeway', pem);
const leaves = leavesOf(21);
const checkpoint = signCheckpoint({ origin: 'log.example/causeway', size: 21, root: slowRoot(leaves) }, log);
const proof = { index: 13, path: slowPath(13, leaves), checkpoint };
const trust = { keys: [log.verifierKey] };

/** What the verifier finds wrong with a file, as kinds. */
function wrongIn(file: string | Buffer, entry = 'entry 13'): string[] {
  const { findings } = verifyProof(Buffer.from(file), 'proof', { trust, entry: Buffer.from(entry) });
  return findings.map(({ kind }) => kind);
}
const wrongWith = (changes: Partial<LogProof>, entry?: string): string[] =>
  wrongIn(formatLogProof({ ...proof, ...changes }), entry);

describe('a proof in one file', () => {
  it('has the lines of the standard', () => {
    const lines = formatLogProof({ ...proof, extra: Buffer.from('more') }).split('\n');
    expect(lines.slice(0, 3)).toEqual(['c2sp.org/tlog-proof@v1', 'extra bW9yZQ==', 'index 13']);
    expect(lines[3 + proof.path.length]).toBe('');
    expect(lines.slice(4 + proof.path.length).join('\n')).toBe(checkpoint);
  });

  it('reads as it was written, with extra data and without, and verifies', () => {
    for (const one of [
      proof,
      { ...proof, extra: Buffer.alloc(0) },
      { ...proof, extra: Buffer.from([1, 2]) },
    ]) {
      const read = parseLogProof(Buffer.from(formatLogProof(one)));
      expect(read).toEqual(one);
      expect(wrongWith(one)).toEqual([]);
    }
    const single = signCheckpoint({ origin: 'log.example/causeway', size: 1, root: leaves[0]! }, log);
    expect(wrongWith({ index: 0, path: [], checkpoint: single }, 'entry 0')).toEqual([]);
  });

  it('does not verify for another leaf or another place', () => {
    expect(wrongWith({}, 'entry 12')).toEqual(['edited']);
    expect(wrongWith({ index: 12 })).toEqual(['edited']);
    expect(wrongWith({ index: 21 })).toEqual(['edited']);
  });

  it('never verifies after a change of one byte outside what nothing vouches for', () => {
    const file = Buffer.from(formatLogProof(proof));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(file);
        changed[at]! ^= flip;
        const [first] = wrongIn(changed);
        expect(['edited', 'wrong-key', 'other-origin']).toContain(first);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    ['another version', (file: string) => file.replace('@v1', '@v2'), 'Line 1'],
    ['an index with a zero before it', (file: string) => file.replace('index 13', 'index 013'), 'Line 2'],
    ['no index', (file: string) => file.replace('index 13\n', ''), 'Line 2'],
    ['extra data that is not base64', (file: string) => file.replace('index', 'extra !\nindex'), 'Line 2'],
    ['a hash that is cut', (file: string) => file.replace(/=\n/, '\n'), 'Line 3'],
    ['no blank line', (file: string) => file.replaceAll('\n\n', '\n'), 'blank line'],
  ])('says which line is wrong with %s', (_what, change, words) => {
    expect(() => parseLogProof(change(formatLogProof(proof)))).toThrow(words);
  });
});
