/** Opens a checkpoint for an audit: what is wrong with it becomes a finding. */
import { isCausewayError } from '../../protocol/errors.ts';
import {
  openCheckpoint,
  parseCheckpoint,
  type CheckpointTrust,
  type TrustedCheckpoint,
} from '../../protocol/proof/checkpoint.ts';
import { parseNote } from '../../protocol/proof/note.ts';
import type { AuditReport, Finding } from './finding.ts';
import { lowerFirst } from './lower-first.ts';

/** Whom the person who verifies trusts. Every witness that is named must have cosigned. */
export type AuditTrust = Pick<CheckpointTrust, 'origin' | 'keys' | 'witnesses'>;

/** A checkpoint that may be relied on, or what is wrong with it. */
export type OpenedCheckpoint =
  | { readonly checkpoint: TrustedCheckpoint; readonly findings: readonly Finding[] }
  | { readonly checkpoint?: undefined; readonly findings: readonly [Finding, ...Finding[]] };

/** @param where the file that the checkpoint stands in. @param firstLine the line of that file where it begins */
export function openForAudit(
  source: Uint8Array | string,
  trust: AuditTrust,
  where: string,
  firstLine = 1,
): OpenedCheckpoint {
  try {
    const checkpoint = openCheckpoint(source, trust);
    const cosigned = checkpoint.cosignatures.map(({ key }) => key);
    const missing = (trust.witnesses ?? []).filter((witness) => !cosigned.includes(witness));
    const findings = missing.map(({ name }): Finding => {
      return { kind: 'unwitnessed', where, text: `the witness ${name} has not cosigned ${where}.` };
    });
    return { checkpoint, findings };
  } catch (error) {
    if (isCausewayError(error, 'log-foreign')) {
      const { origin } = parseCheckpoint(parseNote(source).text);
      const expected = trust.origin ?? trust.keys[0]?.name ?? '';
      const text = `${where} is of the log ${origin}, and the key is of ${expected}.`;
      return { findings: [{ kind: 'other-origin', where, line: firstLine, text }] };
    }
    if (isCausewayError(error, 'note-untrusted'))
      return { findings: [untrusted(source, trust, where, error.detail ?? '')] };
    if (!isCausewayError(error, 'note-malformed')) throw error;
    const text = `${where} holds no checkpoint in the form of its standard: ${lowerFirst(error.detail ?? '')}`;
    return { findings: [{ kind: 'edited', where, line: firstLine, text }] };
  }
}

/** Has the key signed something else, or not at all? */
function untrusted(
  source: Uint8Array | string,
  { keys }: AuditTrust,
  where: string,
  detail: string,
): Finding {
  const { signatures } = parseNote(source);
  const hasSigned = keys.some((key) =>
    signatures.some(({ name, keyId }) => name === key.name && keyId === key.keyId),
  );
  if (!hasSigned)
    return { kind: 'wrong-key', where, text: `${where} is not signed with the key that was given.` };
  return { kind: 'edited', where, text: `${where} has been changed: ${lowerFirst(detail)}` };
}

/** Of a file that is not of the form of its kind, so that nothing in it was verified. @param why with its full stop */
export function reportDamaged(subject: AuditReport['subject'], where: string, why: string): AuditReport {
  const text = `${where} is damaged: ${why}`;
  return {
    subject,
    ...describeCheckpoint(undefined),
    findings: [{ kind: 'edited', where, text }],
    unlisted: 0,
  };
}

/** What a report says of a checkpoint. */
export function describeCheckpoint(
  checkpoint: TrustedCheckpoint | undefined,
): Pick<AuditReport, 'origin' | 'size' | 'root' | 'cosignatures'> {
  if (checkpoint === undefined) return { origin: '', size: 0, root: '', cosignatures: [] };
  const { origin, size, root, cosignatures } = checkpoint;
  return {
    ...{ origin, size, root: root.toString('base64') },
    cosignatures: cosignatures.map(({ key, timeSeconds = 0 }) => ({ name: key.name, timeSeconds })),
  };
}
