import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, openCheckpoint, signCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { leafHash, treeRoot } from '../../protocol/proof/merkle.ts';
import { addSignatures, maxNoteBytes } from '../../protocol/proof/note.ts';
import { cosigner, noteSigner } from '../../protocol/proof/note-signer.ts';
import { proveInclusion } from '../../protocol/proof/tile-proof.ts';
import { encodeBundle, tilePath } from '../../protocol/proof/tile.ts';
import { formatVerifierKey, parseVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { pemFromSeed } from '../protocol/samples.ts';
import { blockOf, sectionOf, valuesOf } from './protocol-text.ts';

const section = sectionOf('## 17. The bytes of the log');
const leaves = blockOf('text log-leaves')
  .trimEnd()
  .split('\n')
  .map((line) => Buffer.from(line));
const values = valuesOf('text log-values');
const checkpoint = blockOf('text log-checkpoint');
const cosignedAtSeconds = Date.parse('2026-11-24T09:30:02Z') / 1000;

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();

/** Opens the text of a note with what section 17 says, and nothing of ours: the signed bytes for each type of key. */
function verifiesAsWritten(note: string, verifierKey: string): boolean {
  const [name = '', id = '', material = ''] = verifierKey.split('+');
  const [type, publicKey] = [Buffer.from(material, 'base64')[0], Buffer.from(material, 'base64').subarray(1)];
  expect(sha256(name, '\n', Buffer.of(type!), publicKey).subarray(0, 4).toString('hex')).toBe(id);
  const [text, signatures] = [note.slice(0, note.lastIndexOf('\n\n') + 1), note.split('\n\n').at(-1)!];
  const line = signatures.split('\n').find((each) => each.startsWith(`\u2014 ${name} `))!;
  const bytes = Buffer.from(line.split(' ')[2]!, 'base64');
  expect(bytes.subarray(0, 4).toString('hex')).toBe(id);
  const time = type === 4 ? bytes.readBigUInt64BE(4) : undefined;
  const signed = time === undefined ? text : `cosignature/v1\ntime ${time}\n${text}`;
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify(null, Buffer.from(signed), key, bytes.subarray(-64));
}

describe('the small log of docs/protocol.md', () => {
  const hashes = leaves.map((leaf) => leafHash(leaf));
  const said = { origin: 'gateway.example/log', size: leaves.length, root: treeRoot(hashes) };

  it('has the keys, hashes, path and names of tiles that the code makes', async () => {
    const path = await proveInclusion(1, 3, () => Buffer.concat(hashes));
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    expect(values).toEqual({
      'log key': formatVerifierKey(noteSigner(said.origin, pemFromSeed(3)).verifierKey),
      'witness key': formatVerifierKey(cosigner('witness.example', pemFromSeed(4)).verifierKey),
      ...Object.fromEntries(hashes.map((hash, index) => [`leaf hash ${index}`, hex(hash)])),
      root: hex(said.root),
      'path of leaf 1': hex(Buffer.concat(path)),
      'path of the tile': `/${tilePath({ level: 0, index: 0, width: 3 })}`,
      'path of the leaves': `/${tilePath({ level: 'entries', index: 0, width: 3 })}`,
    });
    const bundle = encodeBundle(leaves);
    expect(section).toContain(`begins with ${bundle.toString('hex', 0, 1)} ${bundle.toString('hex', 1, 2)}`);
    expect(section).toContain(`has ${bundle.byteLength} bytes`);
    expect(section).toContain(`at most ${maxNoteBytes / 1024} KiB`);
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(section).toContain('1234067 is x001/x234/067');
  });

  it('has the checkpoint that the code signs, cosigns and opens', () => {
    const [log, witness] = [
      noteSigner(said.origin, pemFromSeed(3)),
      cosigner('witness.example', pemFromSeed(4)),
    ];
    const signed = signCheckpoint(said, log);
    const cosignature = witness.cosign(formatCheckpoint(said), cosignedAtSeconds);
    expect(checkpoint).toBe(addSignatures(signed, [cosignature]));
    const trust = {
      keys: [parseVerifierKey(values['log key']!)],
      witnesses: [parseVerifierKey(values['witness key']!)],
      witnessesNeeded: 1,
    };
    expect(openCheckpoint(checkpoint, trust)).toMatchObject(said);
  });

  it('is proven by what the text says alone: keys, signatures, hashes and root', () => {
    expect(verifiesAsWritten(checkpoint, values['log key']!)).toBe(true);
    expect(verifiesAsWritten(checkpoint, values['witness key']!)).toBe(true);
    expect(verifiesAsWritten(checkpoint.replace('\n3\n', '\n4\n'), values['log key']!)).toBe(false);
    const [left, middle, right] = leaves.map((leaf) => sha256(Buffer.of(0), leaf));
    const root = sha256(Buffer.of(1), sha256(Buffer.of(1), left!, middle!), right!);
    expect(checkpoint.split('\n').slice(0, 3)).toEqual([said.origin, '3', root.toString('base64')]);
    const { entry } = JSON.parse(leaves[1]!.toString()) as { entry: string };
    expect(Buffer.from(entry, 'base64url').toString('hex')).toBe(
      valuesOf('text directory-values')['SHA-256 of entry 0'],
    );
  });
});
