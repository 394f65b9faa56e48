/**
 * Verifies the evidence about one message, offline: every leaf stands in the log under the checkpoint, every opening is
 * what its leaf is bound to, and every signature is by the key that an entry of the directory in it names for that time.
 */
import type { Evidence, ProvenLeaf } from '../../protocol/audit/evidence.ts';
import { evidenceFormat, parseEvidence } from '../../protocol/audit/evidence.ts';
import { parseLeaf } from '../../protocol/audit/leaf.ts';
import { commitmentOf } from '../../protocol/audit/commitment.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import type { TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { leafHash } from '../../protocol/proof/merkle.ts';
import { verifyInclusion } from '../../protocol/proof/tree-proof.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import { parseEnvelope } from '../../protocol/wire/envelope.ts';
import { directoryEntrySchema } from '../../protocol/wire/directory.ts';
import { checkSignatures } from './evidence-signatures.ts';
import type { AuditReport, Finding } from './finding.ts';
import type { EntryInForce, OpenedLeaf } from './opened-leaf.ts';
import { describeCheckpoint, openForAudit, reportDamaged, type AuditTrust } from './open-for-audit.ts';

/** True for a file of this kind. */
export function isEvidence(bytes: Buffer): boolean {
  return bytes.subarray(0, 200).toString('latin1').includes(`"${evidenceFormat}"`);
}

/** @param where the file's name, for the report */
export function verifyEvidence(bytes: Uint8Array, where: string, trust: AuditTrust): AuditReport {
  const report = { subject: 'evidence', unlisted: 0 } as const;
  let evidence: Evidence;
  try {
    evidence = parseEvidence(bytes);
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    return reportDamaged('evidence', where, error.detail ?? '');
  }
  const { checkpoint, findings } = openForAudit(evidence.checkpoint, trust, where);
  const described = { ...report, ...describeCheckpoint(checkpoint), index: evidence.record };
  if (checkpoint === undefined) return { ...described, findings };
  const opened = evidence.leaves.map((leaf) => openLeaf(leaf, checkpoint, where));
  const wrong = opened.filter((leaf) => 'kind' in leaf);
  if (wrong.length > 0) return { ...described, findings: [...findings, ...wrong] };
  const altered = evidence.leaves.flatMap((leaf) => alteration(leaf, where));
  const leaves = opened.filter((leaf) => 'leaf' in leaf);
  const explains = erasuresFor(evidence, leaves);
  const unexplained = leaves.flatMap((leaf) => absence(leaf, explains, altered, where));
  const entries = leaves.flatMap((leaf) => entryInForce(leaf));
  const judged = checkSignatures(evidence, leaves, entries, where);
  return {
    ...described,
    findings: [...findings, ...altered, ...unexplained, ...judged.findings],
    statements: judged.statements,
  };
}

function openLeaf(
  proven: ProvenLeaf,
  { size, root }: TrustedCheckpoint,
  where: string,
): OpenedLeaf | Finding {
  const { index, leaf: text, opening } = proven;
  const bytes = Buffer.from(text);
  const path = proven.path.map((hash) => Buffer.from(hash, 'base64'));
  const finding = (what: string): Finding => ({
    kind: 'edited',
    where,
    entry: index,
    text: `leaf ${index} in ${where} ${what}.`,
  });
  if (index >= size || !verifyInclusion({ leaf: leafHash(bytes), index, size, path, root })) {
    return finding('does not stand in the log under the checkpoint');
  }
  try {
    const leaf = parseLeaf(bytes);
    if (opening === undefined) return { index, leaf, body: undefined };
    const salted = Buffer.concat([Buffer.from(opening.salt, 'base64url'), Buffer.from(opening.body)]);
    if (commitmentOf(salted) !== leaf.commitment)
      return finding('is not bound to the body that is given for it');
    return { index, leaf, body: JSON.parse(opening.body) as Record<string, unknown> };
  } catch {
    return finding('cannot be read');
  }
}

/** What the leaf is bound to is lost, and not by an erasure: the other leaves still prove what they prove. */
function alteration({ index, altered }: ProvenLeaf, where: string): Finding[] {
  if (altered === undefined) return [];
  const what =
    altered === 'changed'
      ? `what leaf ${index} in ${where} is bound to was changed or removed in the gateway's store`
      : `the secret that opens what leaf ${index} in ${where} is bound to is gone from the gateway's store without an erasure on record: somebody removed it`;
  return [{ kind: 'edited', where, entry: index, text: `${what} before this evidence was made.` }];
}

/**
 * The leaves that say that the case of the message was erased. Which case that is, only the envelope says by now: without
 * one, as the gateway keeps none of an erased case, any erasure may be the one. One that says that it took no body explains
 * none that is missing.
 */
function erasuresFor({ envelope }: Evidence, leaves: readonly OpenedLeaf[]): readonly OpenedLeaf[] {
  const erasures = leaves.filter(({ leaf, body }) => leaf.kind === 'case.erased' && body?.bodies !== 0);
  if (envelope === undefined) return erasures;
  const thread = threadOf(Buffer.from(envelope, 'base64'));
  return erasures.filter(({ body }) => body?.case === thread);
}

/** Undefined for what is no envelope: what is wrong with that is told elsewhere. */
function threadOf(envelope: Buffer): string | undefined {
  try {
    return parseEnvelope(envelope).thread;
  } catch {
    return undefined;
  }
}

/**
 * What the leaf is bound to is not in the file, and nothing in the file says why: whoever cut it out is not told by it.
 * Only what belongs to a message belongs to a case, and can be gone by an erasure: never an entry of the directory.
 */
function absence(
  { index, leaf, body }: OpenedLeaf,
  erasures: readonly OpenedLeaf[],
  altered: readonly Finding[],
  where: string,
): Finding[] {
  if (body !== undefined || leaf.commitment === undefined) return [];
  if (altered.some(({ entry }) => entry === index)) return [];
  const isOfCase = leaf.kind.startsWith('message.');
  if (isOfCase && erasures.some((erasure) => erasure.index > index)) return [];
  const text = `what leaf ${index} in ${where} is bound to is missing, and no leaf in it says that its case was erased.`;
  return [{ kind: 'edited', where, entry: index, text }];
}

/** The entry of a leaf of the directory, where its body holds the one that the leaf binds. */
function entryInForce({ index, leaf, body }: OpenedLeaf): EntryInForce[] {
  if (leaf.entry === undefined) return [];
  const entry = directoryEntrySchema.safeParse(body?.became);
  if (!entry.success || directoryEntryDigest(entry.data) !== leaf.entry) return [];
  return entry.data.endpoint === leaf.endpoint ? [{ index, entry: entry.data }] : [];
}
