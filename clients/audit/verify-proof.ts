/** Verifies a proof in one file (c2sp.org/tlog-proof), offline. */
import { isCausewayError } from '../../protocol/errors.ts';
import { parseLogProof, type LogProof } from '../../protocol/proof/log-proof.ts';
import { leafHash } from '../../protocol/proof/merkle.ts';
import { verifyInclusion } from '../../protocol/proof/tree-proof.ts';
import type { AuditReport, Finding } from './finding.ts';
import { describeCheckpoint, openForAudit, type AuditTrust } from './open-for-audit.ts';
import { unreadable } from './unreadable.ts';

export type VerifyProofOptions = {
  readonly trust: AuditTrust;
  /** The entry that the proof is about; by default the proof's extra data, where Causeway puts it. */
  readonly entry?: Uint8Array;
};

/**
 * Verifies the bytes of a proof.
 * @param where the file's name, for the report
 * @throws CausewayError `log-unreadable` when nothing says which entry the proof is about
 */
export function verifyProof(
  bytes: Uint8Array,
  where: string,
  { trust, entry }: VerifyProofOptions,
): AuditReport {
  const proof = parse(bytes, where);
  if ('kind' in proof)
    return { subject: 'proof', ...describeCheckpoint(undefined), findings: [proof], unlisted: 0 };
  const { index, path, extra } = proof;
  const content = entry ?? extra;
  if (content === undefined) throw unreadable(where, 'the proof does not hold its entry, and none was given');
  const line = 4 + path.length + (extra === undefined ? 0 : 1);
  const { checkpoint, findings } = openForAudit(proof.checkpoint, trust, where, line);
  const report = { subject: 'proof', ...describeCheckpoint(checkpoint), index, unlisted: 0 } as const;
  if (checkpoint === undefined) return { ...report, findings };
  const { size, root } = checkpoint;
  if (verifyInclusion({ leaf: leafHash(content), index, size, path, root })) return { ...report, findings };
  const text = `the entry in ${where} does not stand at ${index} of the log under this checkpoint.`;
  return { ...report, findings: [{ kind: 'edited', where, entry: index, text }, ...findings] };
}

function parse(bytes: Uint8Array, where: string): LogProof | Finding {
  try {
    return parseLogProof(bytes);
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    const [, line, what = error.detail ?? ''] = /^Line (\d+): (.*)$/.exec(error.detail ?? '') ?? [];
    const text = `${where} is damaged${line === undefined ? '' : ` at line ${line}`}: ${what}`;
    return { kind: 'edited', where, ...(line === undefined ? {} : { line: Number(line) }), text };
  }
}
