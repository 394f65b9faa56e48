import { generateKey, readPrivateKey } from 'openpgp';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decryptAndVerify,
  generateOpenpgpKey,
  readOpenpgpCertificate,
  readOpenpgpIdentity,
  type OpenpgpIdentity,
} from '../../../clients/sdk/openpgp.ts';
import {
  generateSealingKey,
  isSealable,
  readSealingKey,
  seal,
  type SealingKeyFiles,
} from '../../../gateway/identity/openpgp-seal.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { council } from './registry.ts';

const correlator = 'gateway/correlator' as EndpointAddress;
const dayMs = 86_400_000;
const text = Buffer.from('synthetic');
let key: SealingKeyFiles;
let other: SealingKeyFiles;
let recipient: OpenpgpIdentity;

beforeAll(async () => {
  key = await generateSealingKey(correlator, Date.now());
  other = await generateSealingKey(correlator, Date.now());
  recipient = await readOpenpgpIdentity((await generateOpenpgpKey(council)).privateKeyArmored);
});

const files = { key: 'its.pgp', certificate: 'its.asc' };

describe('a sealed message', () => {
  it('opens for its recipient, and its signature is that of the certificate', async () => {
    const sealed = await seal(text, key, [recipient.certificateArmored]);
    const opened = await decryptAndVerify(sealed, {
      decryptWith: recipient,
      senderCertificate: key.certificateArmored,
    });
    expect(Buffer.from(opened)).toEqual(text);
    await expect(
      decryptAndVerify(sealed, { decryptWith: recipient, senderCertificate: other.certificateArmored }),
    ).rejects.toMatchObject({ code: 'payload-unsigned' });
  });

  it('needs a recipient whose key is good today', async () => {
    await expect(seal(text, key, [])).rejects.toThrow(RangeError);
    const old = await generateOpenpgpKey(council, Date.now() - 100 * dayMs);
    expect(await isSealable(old.certificateArmored)).toBe(false);
    expect(await isSealable(recipient.certificateArmored)).toBe(true);
    await expect(
      seal(text, key, [recipient.certificateArmored, old.certificateArmored]),
    ).rejects.toMatchObject({ code: 'key-unsuitable' });
  });

  it('is not made where one recipient is without AEAD: its key would pull the whole message down', async () => {
    const { publicKey } = await generateKey({
      type: 'curve25519',
      userIDs: { name: council },
      config: { v6Keys: true, aeadProtect: false },
      format: 'armored',
    });
    expect(await isSealable(publicKey)).toBe(false);
    await expect(seal(text, key, [recipient.certificateArmored, publicKey])).rejects.toMatchObject({
      code: 'key-unsuitable',
    });
  });
});

describe("the correlator's key", () => {
  it('cannot open anything, not even what was encrypted to its own certificate', async () => {
    const stored = await readPrivateKey({ armoredKey: key.privateKeyArmored });
    expect(stored.subkeys).toEqual([]);
    await expect(readOpenpgpIdentity(key.privateKeyArmored)).rejects.toMatchObject({ code: 'home-invalid' });
    const sealed = await seal(text, key, [key.certificateArmored]);
    const decryptWith: OpenpgpIdentity = { ...recipient, privateKey: stored };
    await expect(
      decryptAndVerify(sealed, { decryptWith, senderCertificate: key.certificateArmored }),
    ).rejects.toMatchObject({ code: 'payload-undecryptable' });
  });

  it('has a certificate as clients take it, with the names that stand in the directory', async () => {
    const names = await readSealingKey(key, files);
    expect(await readOpenpgpCertificate(key.certificateArmored, council)).toEqual(names);
  });

  it('is not told as damaged where it is not valid yet: the clock has stopped, or ran ahead', async () => {
    const early = await generateSealingKey(correlator, Date.now() + 400 * dayMs);
    await expect(readSealingKey(early, files)).rejects.toMatchObject({
      code: 'clock-wrong',
      message: expect.stringMatching(/check the clock of this machine\. .* is not valid before 20/) as string,
    });
  });

  it('is refused where it could decrypt, or where the certificate is that of another', async () => {
    const mixed = { ...key, certificateArmored: other.certificateArmored };
    const { privateKey, publicKey } = await generateKey({
      type: 'curve25519',
      userIDs: { name: correlator },
      config: { v6Keys: true, aeadProtect: true },
      format: 'armored',
    });
    const decrypting = { privateKeyArmored: privateKey, certificateArmored: publicKey };
    for (const bad of [decrypting, { ...key, privateKeyArmored: 'none' }]) {
      await expect(readSealingKey(bad, files)).rejects.toMatchObject({
        code: 'home-invalid',
        detail: expect.stringContaining('its.pgp does not hold a key') as string,
      });
    }
    await expect(readSealingKey(mixed, files)).rejects.toMatchObject({
      code: 'home-invalid',
      detail: expect.stringContaining('its.asc does not hold the certificate') as string,
    });
  });
});
