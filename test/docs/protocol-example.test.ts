import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { proveBatch, VerifiedRoots, verifyBatchProof } from '../../protocol/proof/batch-proof.ts';
import { leafHash, sha256, treeRoot } from '../../protocol/proof/merkle.ts';
import { signedBytes } from '../../protocol/proof/signing.ts';
import { checkContentMatches, decodeContent, encodeContent } from '../../protocol/wire/content.ts';
import { directoryDigest } from '../../protocol/wire/directory-digest.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import { directoryEntrySchema } from '../../protocol/wire/directory.ts';
import { parseEnvelope } from '../../protocol/wire/envelope.ts';
import { decodeUnitFrame, encodeUnit, encodeUnitFrame } from '../../protocol/wire/frame.ts';
import { acceptedDetail } from '../../protocol/wire/receipt-detail.ts';
import { encodeReceipt } from '../../protocol/wire/receipt.ts';
import {
  decodeReceiptFrame,
  decodeReceiptGroup,
  encodeReceiptFrame,
  signReceiptGroup,
  verifyReceiptGroup,
} from '../../protocol/wire/receipt-group.ts';
import { signerFromSeed } from '../protocol/samples.ts';
import { blockOf, dumpOf, valuesOf } from './protocol-text.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sender = signerFromSeed(1);
const gateway = signerFromSeed(2);
const envelopes = blockOf('text envelopes')
  .trimEnd()
  .split('\n')
  .map((line) => Buffer.from(line, 'utf8'));

/** Verifies with nothing but what the text says. */
function verifiesAsWritten(values: Record<string, string>, publicKey: string): boolean {
  const spki = Buffer.from(`302a300506032b6570032100${publicKey}`, 'hex');
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify(
    null,
    Buffer.from(values['signed bytes']!, 'hex'),
    key,
    Buffer.from(values.signature!, 'hex'),
  );
}

describe('The worked example of docs/protocol.md', () => {
  it('has the keys that its seeds give', () => {
    for (const [info, signer] of [['text sender', sender] as const, ['text gateway', gateway] as const]) {
      const values = valuesOf(info);
      expect(values['public key']).toBe(hex(signer.publicKey.raw));
      expect(values['SHA-256 of it']).toBe(hex(sha256(signer.publicKey.raw)));
    }
    expect(valuesOf('text sender')['private key']).toBe('01'.repeat(32));
    expect(valuesOf('text gateway')['private key']).toBe('02'.repeat(32));
    expect(valuesOf('text sender').signingKey).toBe(sender.keyId);
    expect(valuesOf('text gateway').receiptKey).toBe(gateway.publicKey.raw.toString('base64url'));
  });

  it('has the leaves, root, signature and proofs that the code makes', () => {
    const leaves = envelopes.map(leafHash);
    const root = treeRoot(leaves);
    const proofs = proveBatch(envelopes, sender);
    const values = valuesOf('text submit-values');
    expect(values).toEqual({
      'envelope digest 0': hex(sha256(envelopes[0]!)),
      'envelope digest 1': hex(sha256(envelopes[1]!)),
      'leaf 0': hex(leaves[0]!),
      'leaf 1': hex(leaves[1]!),
      root: hex(root),
      'signed bytes': hex(signedBytes('envelopes', 2, root)),
      signature: hex(proofs[0]!.subarray(0, 64)),
      'proof 0': hex(proofs[0]!),
      'proof 1': hex(proofs[1]!),
    });
    expect(verifiesAsWritten(values, valuesOf('text sender')['public key']!)).toBe(true);
  });

  it('has a root that the text alone gives', () => {
    const hash = (...parts: Uint8Array[]): Buffer =>
      createHash('sha256').update(Buffer.concat(parts)).digest();
    for (const [info, entries] of [
      ['text submit-values', envelopes] as const,
      [
        'text receipt-values',
        decodeReceiptGroup(decodeReceiptFrame(dumpOf('text receipt-frame')).group).leaves,
      ] as const,
    ]) {
      const leaves = entries.map((entry) => hash(Buffer.of(0), entry));
      expect(valuesOf(info).root).toBe(hex(hash(Buffer.of(1), ...leaves)));
    }
  });

  it('has a submit frame that comes apart into these parts, verifies, and is what the code makes', () => {
    const frame = dumpOf('text submit-frame');
    const units = decodeUnitFrame(frame);
    expect(units.map(({ envelope }) => envelope)).toEqual(envelopes);
    const verified = new VerifiedRoots();
    for (const { envelope, proof, payload } of units) {
      verifyBatchProof(envelope, proof, sender.publicKey, verified);
      const { payloadDigest, payloadBytes, signingKey } = parseEnvelope(envelope);
      expect(payloadDigest).toBe(sha256(payload).toString('base64url'));
      expect(payloadBytes).toBe(payload.byteLength);
      expect(signingKey).toBe(sender.keyId);
    }
    const proofs = proveBatch(envelopes, sender);
    const again = units.map(
      ({ envelope, payload }, index) => encodeUnit(envelope, proofs[index]!, payload).bytes,
    );
    expect(hex(encodeUnitFrame('submit', again))).toBe(hex(frame));
  });

  it('has a receipt frame that answers the two envelopes, verifies, and is what the code makes', () => {
    const frame = dumpOf('text receipt-frame');
    const { position, group: bytes } = decodeReceiptFrame(frame);
    const group = decodeReceiptGroup(bytes);
    verifyReceiptGroup(group, gateway.publicKey);
    expect(position).toBe(0);
    expect(group.receipts.map(({ kind, recipient }) => [kind, recipient])).toEqual([
      ['accepted', ''],
      ['accepted', ''],
    ]);
    expect(group.receipts.map(({ message }) => message)).toEqual(
      envelopes.map((bytes) => parseEnvelope(bytes).id),
    );
    expect(group.receipts.map(({ envelopeDigest }) => envelopeDigest)).toEqual(envelopes.map(sha256));
    expect(group.receipts.map((receipt) => acceptedDetail(receipt).listening)).toEqual(
      envelopes.map((bytes) => parseEnvelope(bytes).to),
    );
    const leaves = group.leaves.map(leafHash);
    const root = treeRoot(leaves);
    const values = valuesOf('text receipt-values');
    expect(values).toEqual({
      'leaf 0': hex(leaves[0]!),
      'leaf 1': hex(leaves[1]!),
      root: hex(root),
      'signed bytes': hex(signedBytes('receipts', 2, root)),
      signature: hex(group.signature),
    });
    expect(verifiesAsWritten(values, valuesOf('text gateway')['public key']!)).toBe(true);
    const again = signReceiptGroup(group.receipts.map(encodeReceipt), gateway);
    expect(hex(encodeReceiptFrame(position, again))).toBe(hex(frame));
  });

  it('has content that fits the first envelope and is what the code makes', () => {
    const bytes = dumpOf('text content');
    const { header, body } = decodeContent(bytes);
    checkContentMatches(header, parseEnvelope(envelopes[0]!));
    expect(hex(encodeContent(header, body))).toBe(hex(bytes));
    expect(body.toString()).toBe('Synthetic text.');
  });

  it('has a directory whose digest the text alone gives, and the code', () => {
    const entries = blockOf('text directory-entries')
      .trimEnd()
      .split('\n')
      .map((line) => ({
        line,
        entry: directoryEntrySchema.parse(JSON.parse(line)),
        digest: sha256(Buffer.from(line)),
      }));
    const indices = [300, 7];
    const placed = entries.map(({ digest }, nth) => {
      const index = Buffer.alloc(8);
      index.writeBigUInt64BE(BigInt(indices[nth]!));
      return Buffer.concat([digest, index]);
    });
    const whole = createHash('sha256')
      .update(Buffer.concat([Buffer.from('causeway/v1/directory\0'), placed[1]!, placed[0]!]))
      .digest();
    expect(valuesOf('text directory-values')).toEqual({
      'SHA-256 of entry 0': hex(entries[0]!.digest),
      'SHA-256 of entry 1': hex(entries[1]!.digest),
      'entry 0 with its leaf': hex(placed[0]!),
      'entry 1 with its leaf': hex(placed[1]!),
      'directory digest': hex(whole),
      digest: whole.toString('base64url'),
    });
    const made = entries.map(({ entry }, nth) => ({
      endpoint: entry.endpoint,
      entry: directoryEntryDigest(entry),
      leaf: indices[nth]!,
    }));
    expect(directoryDigest(made)).toBe(whole.toString('base64url'));
  });
});
