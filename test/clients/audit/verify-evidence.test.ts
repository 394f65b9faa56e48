import { beforeAll, describe, expect, it } from 'vitest';
import { verdictOf } from '../../../clients/audit/finding.ts';
import { readLogFile } from '../../../clients/audit/log-folder.ts';
import { verifyEvidence } from '../../../clients/audit/verify-evidence.ts';
import { commitmentOf } from '../../../protocol/audit/commitment.ts';
import { formatEvidence, type Evidence, type ProvenLeaf } from '../../../protocol/audit/evidence.ts';
import { encodeLeaf, type Leaf } from '../../../protocol/audit/leaf.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import { encodeEnvelope } from '../../../protocol/wire/envelope.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { proveInclusion } from '../../../protocol/proof/tile-proof.ts';
import { messageId, recipient, sampleEnvelope, sender } from '../../protocol/samples.ts';
import { filesIn, logSigner, sampleLog } from './sample-log.ts';

type Made = { readonly leaf: Leaf; readonly opening: NonNullable<ProvenLeaf['opening']> };

/** A leaf that is bound to a body. */
function bound(leaf: Leaf, body: object): Made {
  const salt = sha256(Buffer.from(leaf.kind));
  const text = JSON.stringify(body);
  const commitment = commitmentOf(Buffer.concat([salt, Buffer.from(text)]));
  return { leaf: { ...leaf, commitment }, opening: { salt: salt.toString('base64url'), body: text } };
}

const decisions = [{ recipient, effect: 'deny', determining: ['no-such-basis'] }];
const made = [
  bound({ kind: 'endpoint.enrolled', at: 1, endpoint: sender }, { endpoint: sender }),
  bound(
    { kind: 'message.refused', at: 2, message: messageId, code: 'policy-denied' },
    { source: sender, policy: 'agreement-digest', decisions },
  ),
  bound({ kind: 'case.erased', at: 3 }, { case: messageId, authority: 'Records Manager' }),
];
const [directory, record, erasure] = [0, 1, 2];

let whole: Evidence;
beforeAll(async () => {
  whole = await evidenceOf(made);
});

async function evidenceOf(made: readonly Made[]): Promise<Evidence> {
  const entries = made.map(({ leaf }) => Buffer.from(encodeLeaf(leaf)));
  const files = sampleLog(entries);
  const read = async (tile: Parameters<typeof readLogFile>[1]) =>
    (await readLogFile(filesIn(files), tile))?.bytes ?? Buffer.alloc(0);
  const leaves: ProvenLeaf[] = [];
  for (const [index, { opening }] of made.entries()) {
    const path = (await proveInclusion(index, entries.length, read)).map((hash) => hash.toString('base64'));
    leaves.push({ index, leaf: entries[index]!.toString(), path, opening });
  }
  return {
    ...{ format: 'causeway-evidence/v1', message: messageId, source: sender, record, receipts: [] },
    ...{ leaves, checkpoint: files.get('checkpoint')!.toString() },
  };
}

function verify(evidence: Evidence): { findings: string[]; statements: readonly string[] } {
  const trust = { keys: [logSigner.verifierKey], witnesses: [] };
  const { findings, statements = [] } = verifyEvidence(
    Buffer.from(formatEvidence(evidence)),
    'evidence.json',
    trust,
  );
  return { findings: findings.map(({ text }) => text), statements };
}

/** The evidence with another leaf, or with one fewer. */
function withLeaf(
  index: number,
  change: (leaf: ProvenLeaf) => ProvenLeaf[],
  evidence: Evidence = whole,
): Evidence {
  return {
    ...evidence,
    leaves: evidence.leaves.flatMap((leaf) => (leaf.index === index ? change(leaf) : [leaf])),
  };
}
const withoutOpening = (index: number, evidence?: Evidence): Evidence =>
  withLeaf(index, ({ opening: _, ...leaf }) => [leaf], evidence);

describe('evidence', () => {
  it('tells what was decided for whom, under which agreement', () => {
    const { findings, statements } = verify(withLeaf(erasure, () => []));
    expect(findings).toEqual([]);
    expect(statements).toEqual([
      'The gateway refused the message at 1970-01-01T00:00:00.002Z: policy-denied. [leaf 1]',
      `Under the agreement agreement-digest it was not permitted to ${recipient} by no-such-basis. [leaf 1]`,
    ]);
  });

  it('may lack what a message said where an erasure is in it, and does not claim to prove which case that was', () => {
    const { findings, statements } = verify(withoutOpening(record));
    expect(findings).toEqual([]);
    expect(statements.at(-1)).toBe(
      `The case ${messageId} was erased at 1970-01-01T00:00:00.003Z by order of Records Manager. ` +
        'That the message belonged to it, and who sent it, the gateway alone says. [leaf 2]',
    );
    expect(verify(whole).statements.at(-1)).not.toContain('alone');
  });

  it('may not lack what a message said by an erasure that says that it took nothing', async () => {
    const erased = { case: messageId, authority: 'Records Manager' };
    const findingsWith = async (bodies: number): Promise<string[]> => {
      const of = bound({ kind: 'case.erased', at: 3 }, { ...erased, bodies });
      return verify(withoutOpening(record, await evidenceOf([...made.slice(0, erasure), of]))).findings;
    };
    expect(await findingsWith(1)).toEqual([]);
    expect(await findingsWith(0)).toEqual([expect.stringContaining(`what leaf ${record} in evidence.json`)]);
  });

  it('may not lack what a message said by the erasure of another case than the one that its envelope names', () => {
    const cut = 'is missing, and no leaf in it says that its case was erased.';
    const findingsWith = (thread: string): string[] => {
      const bytes = encodeEnvelope({ ...sampleEnvelope(), thread: thread as MessageId });
      const [encoded, proof] = [bytes.toString('base64'), Buffer.alloc(67).toString('base64')];
      return verify({ ...withoutOpening(record), envelope: encoded, proof }).findings;
    };
    expect(findingsWith(messageId.replace('01936', '01937'))).toContain(
      `what leaf ${record} in evidence.json is bound to ${cut}`,
    );
    expect(findingsWith(messageId).filter((text) => text.includes('is missing'))).toEqual([]);
  });

  it('may not lack what no erasure takes away: an entry of the directory, and the order of an erasure', () => {
    const missing = (index: number): string =>
      `what leaf ${index} in evidence.json is bound to is missing, and no leaf in it says that its case was erased.`;
    expect(verify(withoutOpening(directory)).findings).toEqual([missing(directory)]);
    expect(verify(withoutOpening(erasure)).findings).toEqual([missing(erasure)]);
  });

  it('is malformed where a hash or a salt is not in the one form that its bytes have', () => {
    const [hash] = whole.leaves[record]!.path;
    // The last character before the padding has bits that no byte takes.
    const other = hash!.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`);
    expect(Buffer.from(other, 'base64')).toEqual(Buffer.from(hash!, 'base64'));
    const changed = withLeaf(record, ({ path, ...leaf }) => [{ ...leaf, path: [other, ...path.slice(1)] }]);
    expect(verify(changed).findings).toEqual([
      `evidence.json is damaged: /leaves/${record}/path/0: it is not a hash.`,
    ]);
  });

  it('is malformed where a name stands twice, of which one reader shows the one value and another the other', () => {
    const text = formatEvidence(whole).replace('{', `{"source":"another/desk",`);
    const trust = { keys: [logSigner.verifierKey], witnesses: [] };
    const { findings } = verifyEvidence(Buffer.from(text), 'evidence.json', trust);
    expect(findings).toMatchObject([
      { kind: 'edited', text: expect.stringContaining('stands twice') as string },
    ]);
  });

  it('is malformed where a leaf or a receipt stands twice, as if something had happened again', () => {
    const receipts = ['AAAA', 'AAAA'];
    for (const doubled of [
      { ...whole, leaves: [...whole.leaves, whole.leaves[0]!] },
      { ...whole, receipts },
    ])
      expect(verify(doubled).findings).toEqual([expect.stringContaining('stands in it twice')]);
  });

  it('tells things in the order of the log, however the leaves stand in the file', () => {
    const reversed = { ...whole, leaves: whole.leaves.toReversed() };
    expect(verify(reversed)).toEqual(verify(whole));
  });

  it('is malformed where a member is missing, which is said in plain words', () => {
    const changed = withLeaf(record, ({ opening, ...leaf }) => [
      { ...leaf, opening: { body: opening!.body } as typeof opening & object },
    ]);
    expect(verify(changed).findings).toEqual([
      `evidence.json is damaged: /leaves/${record}/opening/salt: is missing.`,
    ]);
  });
});

it('claims nothing of entries of the directory that the file does not hold', () => {
  const report = verifyEvidence(Buffer.from(formatEvidence(whole)), 'evidence.json', {
    keys: [logSigner.verifierKey],
    witnesses: [],
  });
  expect(verdictOf({ ...report, findings: [] })).toMatch(
    /^This evidence verifies: .* every signature is by the key that the directory's entries in this file name\. Whether/,
  );
});
