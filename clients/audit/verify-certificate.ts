/** Verifies the certificate of an erasure, offline: every word of it, and that its leaf stands in the log. */
import {
  parseErasureCertificate,
  type ErasureCertificate,
} from '../../protocol/audit/erasure-certificate.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import type { AuditReport } from './finding.ts';
import { reportDamaged, type AuditTrust } from './open-for-audit.ts';
import { verifyProof } from './verify-proof.ts';

/** @param where the file's name, for the report */
export function verifyCertificate(bytes: Uint8Array, where: string, trust: AuditTrust): AuditReport {
  let certificate: ErasureCertificate;
  try {
    certificate = parseErasureCertificate(bytes);
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    return reportDamaged('certificate', where, `${error.detail ?? ''}.`);
  }
  const { case: id, authority, by, at, leaf, proof } = certificate;
  const report = verifyProof(Buffer.from(proof), where, { trust });
  const statement = `The case ${id} was erased at ${new Date(at).toISOString()} by order of ${authority}; ${by} carried it out. [leaf ${leaf}]`;
  const statements = report.findings.length === 0 ? [statement] : [];
  return { ...report, subject: 'certificate', statements };
}
