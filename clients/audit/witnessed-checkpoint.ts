/** The checkpoint that was cosigned while newer ones were published. */
import { witnessedCheckpointFile, type TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { checkpointFile } from './log-folder.ts';
import { openForAudit, type AuditTrust, type OpenedCheckpoint } from './open-for-audit.ts';

/** Opens it; undefined where there is none. A checkpoint that is smaller than it was rolled back. */
export function openWitnessed(
  bytes: Buffer | undefined,
  trust: AuditTrust,
  newest: TrustedCheckpoint,
): OpenedCheckpoint | undefined {
  if (bytes === undefined) return undefined;
  const opened = openForAudit(bytes, trust, witnessedCheckpointFile);
  const size = opened.checkpoint?.size ?? 0;
  if (size <= newest.size) return opened;
  const text = `the checkpoint has ${newest.size} entries, and a witness has cosigned ${size} already.`;
  return { findings: [{ kind: 'rolled-back', where: checkpointFile, line: 2, text }] };
}

/** True where nothing is wrong with the newest checkpoint but that witnesses are missing on it. */
export function isOnlyUnwitnessed({ findings }: OpenedCheckpoint): boolean {
  return findings.length > 0 && findings.every(({ kind }) => kind === 'unwitnessed');
}
