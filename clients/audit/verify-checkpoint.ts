/** Verifies a checkpoint that was kept by itself, offline: who signed it, and which witnesses. */
import { maxNoteBytes } from '../../protocol/proof/note.ts';
import type { AuditReport } from './finding.ts';
import { describeCheckpoint, openForAudit, type AuditTrust } from './open-for-audit.ts';

/** What stands between the text of a signed note and its signatures (c2sp.org/signed-note). */
const beforeSignatures = '\n\n\u2014 ';

/** True for what has the signatures of a note, damaged or not. */
export function isSignedNote(bytes: Buffer): boolean {
  return bytes.byteLength <= maxNoteBytes && bytes.includes(beforeSignatures);
}

/** @param where the file's name, for the report */
export function verifyCheckpoint(bytes: Uint8Array, where: string, trust: AuditTrust): AuditReport {
  const { checkpoint, findings } = openForAudit(bytes, trust, where);
  return { subject: 'checkpoint', ...describeCheckpoint(checkpoint), findings, unlisted: 0 };
}
