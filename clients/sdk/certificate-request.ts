/**
 * A PKCS#10 certificate request (RFC 2986) for a P-256 key: no subject, no attributes, since the gateway names
 * the endpoint itself. Written out by hand, so that a program which uses the SDK need not load an X.509 library.
 */
import { createPublicKey, sign, type KeyObject } from 'node:crypto';

const sequence = 0x30;
const integer = 0x02;
const bitString = 0x03;
const objectIdentifier = 0x06;
const attributes = 0xa0;
/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = Buffer.from('2a8648ce3d040302', 'hex');

/** Makes the request, PEM. The key signs it, which proves that the asker holds it. */
export function createCertificateRequest(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const information = encode(
    sequence,
    encode(integer, Buffer.of(0)),
    encode(sequence),
    publicKey,
    encode(attributes),
  );
  const request = encode(
    sequence,
    information,
    encode(sequence, encode(objectIdentifier, ecdsaWithSha256)),
    encode(bitString, Buffer.of(0), sign('sha256', information, privateKey)),
  );
  const lines = request.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

/** One DER value: tag, length, content (X.690, section 8.1). */
function encode(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}
