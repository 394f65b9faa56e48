import { describe, expect, it } from 'vitest';
import { checkSignatures } from '../../../clients/audit/evidence-signatures.ts';
import type { EntryInForce, OpenedLeaf } from '../../../clients/audit/opened-leaf.ts';
import type { Evidence } from '../../../protocol/audit/evidence.ts';
import { proveBatch } from '../../../protocol/proof/batch-proof.ts';
import { digestOf, sha256 } from '../../../protocol/proof/merkle.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { encodeReceipt } from '../../../protocol/wire/receipt.ts';
import {
  messageId,
  plainEnvelope,
  recipient,
  sampleReceipt,
  sender,
  signerFromSeed,
} from '../../protocol/samples.ts';

const [formerKey, senderKey, recipientKey] = [signerFromSeed(1), signerFromSeed(2), signerFromSeed(3)];
const envelope = Buffer.from(JSON.stringify(plainEnvelope()));
const [proof = Buffer.alloc(0)] = proveBatch([envelope], senderKey);
const group = signReceiptGroup(
  [encodeReceipt(sampleReceipt({ envelopeDigest: sha256(envelope) }))],
  recipientKey,
);

const entryOf = (
  index: number,
  endpoint: string,
  signer: ReturnType<typeof signerFromSeed>,
): EntryInForce => ({
  index,
  entry: { endpoint, signingKey: signer.publicKey.raw.toString('base64url') } as DirectoryEntry,
});
const entries = [
  entryOf(0, sender, formerKey),
  entryOf(1, sender, senderKey),
  entryOf(2, recipient, recipientKey),
];

const evidence: Evidence = {
  ...{ format: 'causeway-evidence/v1', message: messageId, source: sender, record: 5 },
  ...{ envelope: envelope.toString('base64'), proof: proof.toString('base64') },
  ...{ receipts: [group.toString('base64')], leaves: [], checkpoint: '' },
};
const accepted: OpenedLeaf = {
  index: 5,
  leaf: { kind: 'message.accepted', at: 1, message: messageId, envelope: digestOf(envelope) },
  body: { source: sender, decisions: [{ recipient }] },
};
const stored: OpenedLeaf = {
  index: 6,
  leaf: { kind: 'delivery.stored', at: 2, of: 5, nth: 0, receipt: digestOf(group) },
  body: undefined,
};

const judge = (
  change: { evidence?: Evidence; leaves?: OpenedLeaf[]; entries?: EntryInForce[] } = {},
): { findings: string[]; statements: readonly string[] } => {
  const { findings, statements } = checkSignatures(
    change.evidence ?? evidence,
    change.leaves ?? [accepted, stored],
    change.entries ?? entries,
    'evidence.json',
  );
  return { findings: findings.map(({ text }) => text), statements };
};

describe('the signatures in an evidence', () => {
  it('prove what sender and recipient signed', () => {
    const { findings, statements } = judge();
    expect(findings).toEqual([]);
    expect(statements).toHaveLength(3);
  });

  it('are held to the key that was in force, in whatever order the entries are given', () => {
    expect(judge({ entries: entries.toReversed() })).toEqual(judge());
    const later = [...entries, entryOf(7, sender, formerKey)];
    expect(judge({ entries: later })).toEqual(judge());
    expect(judge({ entries: [entryOf(0, sender, formerKey), entries[2]!] }).findings).toEqual([
      `the signature is not by the key of ${sender}.`,
    ]);
  });

  it('must be those of the recipient that the delivery went to', () => {
    const toOther = { ...accepted, body: { source: sender, decisions: [{ recipient: 'north/other' }] } };
    expect(judge({ leaves: [toOther, stored] }).findings).toEqual([
      'the receipt of leaf 6 is not by north/other.',
    ]);
  });

  it('must be there where the gateway kept what the sender signed', () => {
    const { envelope: _, proof: __, ...unsigned } = evidence;
    expect(judge({ evidence: unsigned }).findings).toEqual(['what the sender signed is missing.']);
    // After erasure nobody has it any more, and the body is gone as well.
    expect(
      judge({ evidence: unsigned, leaves: [{ ...accepted, body: undefined }, stored] }).findings,
    ).toEqual([]);
  });

  it('say for which recipients no end is there: who hands evidence over may have left a step out', () => {
    const toTwo = {
      ...accepted,
      body: { source: sender, decisions: [{ recipient }, { recipient: 'north/other' }] },
    };
    const arrived: OpenedLeaf = {
      index: 7,
      leaf: { kind: 'delivery.delivered', at: 2, of: 5, nth: 1 },
      body: undefined,
    };
    for (const leaves of [
      [toTwo, stored],
      [toTwo, stored, arrived],
    ])
      expect(judge({ leaves }).statements.at(-1)).toBe(
        'How it ended for north/other, nothing in this evidence says.',
      );
  });

  it('must each belong to a leaf: one without it shows that the leaf was cut out', () => {
    expect(judge({ leaves: [accepted] }).findings).toEqual([
      'the leaf that a receipt belongs to is missing.',
    ]);
  });

  it('prove no outcome by a leaf that says none', () => {
    const other: OpenedLeaf = { ...accepted, leaf: { ...accepted.leaf, kind: 'message.seen' } };
    expect(judge({ leaves: [other, stored] }).findings).toEqual([
      'leaf 5 does not say what became of the message.',
    ]);
  });
});
