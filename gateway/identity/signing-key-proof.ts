/** The proof that whoever enrols holds the envelope key. */
import { verify } from 'node:crypto';
import { CausewayError } from '../../protocol/errors.ts';
import { signingKeyFromRaw } from '../../protocol/proof/signing.ts';
import { enrolmentStatement, type EnrolmentRequest } from '../../protocol/wire/enrolment.ts';

/** Checks the proof of possession. @throws CausewayError `request-signature-invalid` */
export function checkSigningKeyProof(request: EnrolmentRequest): void {
  const raw = Buffer.from(request.signingKey, 'base64url');
  const proof = Buffer.from(request.signingKeyProof, 'base64url');
  if (!verifies(enrolmentStatement(request), raw, proof)) {
    throw new CausewayError('request-signature-invalid', {
      detail: 'The proof is not the signature of the envelope key over this enrolment.',
    });
  }
}

function verifies(statement: Buffer, raw: Buffer, proof: Buffer): boolean {
  try {
    return verify(null, statement, signingKeyFromRaw(raw).key, proof);
  } catch {
    return false; // Not a point of the curve: no proof either. OpenSSL itself takes no key of small order.
  }
}
