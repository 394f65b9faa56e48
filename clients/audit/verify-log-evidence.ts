/**
 * Verifies what an endpoint has kept against the log, offline: a file of `log-evidence/` in its home. Anybody can write such
 * a file; only what the log's key has signed in it counts.
 */
import { z } from 'zod';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { decodeHash } from '../../protocol/proof/note-text.ts';
import { verifyConsistency } from '../../protocol/proof/tree-proof.ts';
import { describeIssues } from '../../protocol/wire/describe-issues.ts';
import { parseLaidOutJson } from '../../protocol/wire/laid-out-json.ts';
import { entriesWord, type AuditReport, type Finding } from './finding.ts';
import { describeCheckpoint, openForAudit, reportDamaged, type AuditTrust } from './open-for-audit.ts';

const hashSchema = z.string().refine((text) => decodeHash(text) !== undefined, 'it is not a hash');
const proofSchema = z.looseObject({
  fromSize: z.int().min(1),
  fromRoot: hashSchema,
  path: z.array(hashSchema).max(63),
});
const fileSchema = z.looseObject({
  /** `fork`, `rollback` and others; which one it is, is the word of whoever wrote the file. */
  kind: z.string().max(64),
  foundAt: z.iso.datetime(),
  /** The checkpoint that the endpoint had verified, and the one that it was shown after that, as signed notes. */
  seen: z.string().nullish(),
  shown: z.string().nullish(),
  /** What leads from the first `fromSize` entries of the log shown, which have this root, to its checkpoint. */
  proof: proofSchema.optional(),
});
type LogEvidence = z.infer<typeof fileSchema>;
type Pair = { readonly seen: TrustedCheckpoint; readonly shown: TrustedCheckpoint };

const beginning = /^\s*\{\s*"kind":\s*"[a-z-]+",\s*"foundAt":/;

/** True for a file of this kind. */
export function isLogEvidence(bytes: Buffer): boolean {
  return beginning.test(bytes.subarray(0, 200).toString('latin1'));
}

/** @param where the file's name, for the report */
export function verifyLogEvidence(bytes: Uint8Array, where: string, trust: AuditTrust): AuditReport {
  const report = { subject: 'log-evidence', unlisted: 0 } as const;
  let evidence: LogEvidence;
  try {
    evidence = parse(bytes);
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    return reportDamaged('log-evidence', where, error.detail ?? '');
  }
  const { seen, shown } = evidence;
  if (seen == null || shown == null)
    return { ...report, ...describeCheckpoint(undefined), findings: [noPair(evidence, where)] };
  const before = openForAudit(seen, trust, `${where} (seen)`);
  const after = openForAudit(shown, trust, `${where} (shown)`);
  const described = { ...report, ...describeCheckpoint(after.checkpoint) };
  const wrong = [...before.findings, ...after.findings];
  if (before.checkpoint === undefined || after.checkpoint === undefined)
    return { ...described, findings: wrong };
  const pair = { seen: before.checkpoint, shown: after.checkpoint };
  return { ...described, findings: [{ ...judge(pair, evidence, where), where }, ...wrong] };
}

function parse(bytes: Uint8Array): LogEvidence {
  const parsed = fileSchema.safeParse(parseLaidOutJson(bytes, 'evidence-malformed'));
  if (parsed.success) return parsed.data;
  const { detail } = describeIssues(new z.ZodError(parsed.error.issues.slice(0, 1)));
  throw new CausewayError('evidence-malformed', { detail });
}

function noPair({ kind }: LogEvidence, where: string): Finding {
  const receipts =
    kind === 'acceptance' || kind === 'receipt'
      ? ' Receipts are signed with another key, and are not checked here.'
      : '';
  const text = `${where}, of the kind ${kind}, does not hold two checkpoints that could contradict each other.${receipts}`;
  return { kind: 'unproven', where, text };
}

/** What two checkpoints prove that the log's key has signed both. */
function judge(
  { seen, shown }: Pair,
  { kind, foundAt, proof }: LogEvidence,
  where: string,
): Pick<Finding, 'kind' | 'text'> {
  const { origin } = shown;
  if (seen.size === shown.size && !seen.root.equals(shown.root)) {
    const text = `${origin} has signed two histories: its key has signed two roots of the first ${entries(seen.size)}, ${base64(seen.root)} and ${base64(shown.root)}.`;
    return { kind: 'forked', text };
  }
  if (proof !== undefined && provesFork({ seen, shown }, proof)) {
    const text = `${origin} has signed two histories: of the first ${entries(seen.size)} its key has signed the root ${base64(seen.root)}, and in its checkpoint of ${entries(shown.size)} these have the root ${proof.fromRoot}, by the proof in ${where}.`;
    return { kind: 'forked', text };
  }
  if (kind === 'rollback' && shown.size < seen.size) {
    const text = `${origin} went back from ${seen.size} to ${entries(shown.size)}: its key has signed both. That it showed the smaller one last, at ${foundAt}, is the word of whoever wrote ${where}; a log that has fewer than ${entries(seen.size)} now bears it out.`;
    return { kind: 'rolled-back', text };
  }
  const text = `the log's key has signed both checkpoints in ${where}, of ${seen.size} and ${entries(shown.size)}, but nothing in it shows that they contradict each other.`;
  return { kind: 'unproven', text };
}

/** True where the log shown has another root at the size of the one seen: a consistency proof says so (RFC 6962, 2.1.2). */
function provesFork(
  { seen, shown }: Pair,
  { fromSize, fromRoot, path }: z.infer<typeof proofSchema>,
): boolean {
  const root = Buffer.from(fromRoot, 'base64');
  if (fromSize !== seen.size || root.equals(seen.root)) return false;
  return verifyConsistency({
    ...{ fromSize, fromRoot: root, size: shown.size, root: shown.root },
    path: path.map((hash) => Buffer.from(hash, 'base64')),
  });
}

function entries(count: number): string {
  return `${count} ${entriesWord(count)}`;
}

function base64(hash: Buffer): string {
  return hash.toString('base64');
}
