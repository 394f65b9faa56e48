/** What a hostile endpoint can make of public keys: an encryption subkey needs no consent of whoever holds it. */
import { enums, readKey, readPrivateKey, SignaturePacket, type SecretKeyPacket } from 'openpgp';
import type { OpenpgpKeyFiles } from '../../../clients/sdk/openpgp.ts';

/** @returns the certificate of `own` with the encryption subkey of another in place of its own, properly bound */
export async function bindForeignSubkey(own: OpenpgpKeyFiles, other: OpenpgpKeyFiles): Promise<string> {
  const { keyPacket } = await readPrivateKey({ armoredKey: own.privateKeyArmored });
  const certificate = await readKey({ armoredKey: own.certificateArmored });
  const { subkeys } = await readKey({ armoredKey: other.certificateArmored });
  const binding = Object.assign(new SignaturePacket(), {
    signatureType: enums.signature.subkeyBinding,
    publicKeyAlgorithm: keyPacket.algorithm,
    hashAlgorithm: enums.hash.sha512,
    keyFlags: [enums.keyFlags.encryptCommunication | enums.keyFlags.encryptStorage],
    keyExpirationTime: 80 * 86_400,
    keyNeverExpires: false,
  });
  // The library's types know of bytes alone.
  const bound = { key: keyPacket, bind: subkeys[0]!.keyPacket } as unknown as Uint8Array;
  await binding.sign(keyPacket as SecretKeyPacket, bound, new Date());
  subkeys[0]!.bindingSignatures = [binding];
  certificate.subkeys = subkeys;
  return certificate.armor();
}
