import fc from 'fast-check';
import {
  createMessage,
  encrypt,
  enums,
  generateKey,
  readKey,
  readMessage,
  readPrivateKey,
  sign,
  type EncryptOptions,
  type PartialConfig,
} from 'openpgp';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import {
  decryptAndVerify,
  encryptAndSign,
  generateOpenpgpKey,
  maxContentBytes,
  readOpenpgpCertificate,
  readOpenpgpIdentity,
  renewEncryptionKey,
  type OpenpgpIdentity,
} from '../../../clients/sdk/openpgp.ts';
import { peekRecipients } from '../../../protocol/wire/payload-peek.ts';
import { isCausewayError } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';

const content = Buffer.from('{"concern":"synthetic"}');
const modern: PartialConfig = { v6Keys: true, aeadProtect: true, preferredAEADAlgorithm: enums.aead.gcm };
let parties: OpenpgpIdentity[];
let sender: OpenpgpIdentity;
let recipient: OpenpgpIdentity;

beforeAll(async () => {
  parties = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const key = await generateOpenpgpKey(`agency/desk-${index}` as EndpointAddress);
      return readOpenpgpIdentity(key.privateKeyArmored);
    }),
  );
  [sender, recipient] = parties as [OpenpgpIdentity, OpenpgpIdentity];
});

const open = (payload: Uint8Array, senderCertificate = sender.certificateArmored): Promise<Uint8Array> =>
  decryptAndVerify(payload, { decryptWith: recipient, senderCertificate });

const failsWith = (code: string): unknown => expect.objectContaining({ code });

/** A message to the recipient as another program might make it. */
async function foreign(
  options: Omit<Partial<EncryptOptions>, 'format'> = {},
  bytes: Uint8Array = content,
): Promise<Uint8Array> {
  const sealed: unknown = await encrypt({
    message: await createMessage({ binary: bytes }),
    encryptionKeys: recipient.privateKey.toPublic(),
    signingKeys: sender.privateKey,
    config: modern,
    ...options,
    format: 'binary',
  });
  return sealed as Uint8Array;
}

/** Cipher and AEAD of the data packet, which follows recipient packets of one length octet each. */
function suiteOf(payload: Uint8Array): { version: number; cipher: number; aead: number } {
  let at = 0;
  while (payload[at] === 0xc1) at += 2 + (payload[at + 1] ?? 0);
  expect(payload[at]).toBe(0xd2);
  const first = payload[at + 1] ?? 0;
  const body = at + 1 + (first < 192 || (first >= 224 && first < 255) ? 1 : first < 224 ? 2 : 5);
  return {
    version: payload[body] ?? 0,
    cipher: payload[body + 1] ?? 0,
    aead: payload[body + 2] ?? 0,
  };
}

test('a key is version 6 and bears the endpoint’s address and nothing else', async () => {
  const key = await readKey({ armoredKey: sender.certificateArmored });
  expect(key.keyPacket.version).toBe(6);
  expect(key.getUserIDs()).toEqual(['agency/desk-0']);
  expect(key.getAlgorithmInfo().algorithm).toBe('ed25519');
  expect(key.subkeys.map((subkey) => subkey.getAlgorithmInfo().algorithm)).toEqual(['x25519']);
  expect(await readOpenpgpCertificate(sender.certificateArmored, 'agency/sender')).toEqual({
    fingerprint: sender.fingerprint,
    encryptionKey: sender.encryptionKey,
  });
});

test.each([1, 2, 3, 4, 5, 6, 7])(
  'content goes to %i recipients, in GCM, and each can read it',
  async (count) => {
    const recipients = parties.slice(1, count + 1);
    const payload = await encryptAndSign(content, {
      signWith: sender,
      recipients: recipients.map((party) => party.certificateArmored),
    });
    expect(new Set(peekRecipients(Buffer.from(payload)))).toEqual(
      new Set(recipients.map((party) => party.encryptionKey)),
    );
    expect(suiteOf(payload)).toEqual({ version: 2, cipher: enums.symmetric.aes256, aead: enums.aead.gcm });
    for (const decryptWith of recipients) {
      const opened = await decryptAndVerify(payload, {
        decryptWith,
        senderCertificate: sender.certificateArmored,
      });
      expect(Buffer.from(opened)).toEqual(content);
    }
  },
);

test('any bytes come back as they were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
      const recipients = [recipient.certificateArmored];
      const payload = await encryptAndSign(bytes, { signWith: sender, recipients });
      expect(Buffer.from(await open(payload))).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 25 },
  );
});

test('a mebibyte goes and comes', async () => {
  const large = Buffer.alloc(1024 * 1024, 'synthetic ');
  const recipients = [recipient.certificateArmored];
  const payload = await encryptAndSign(large, { signWith: sender, recipients });
  // Larger than its content: nothing was compressed.
  expect(payload.byteLength).toBeGreaterThan(large.byteLength);
  expect(Buffer.from(await open(payload)).equals(large)).toBe(true);
});

test('who is not a recipient cannot read it', async () => {
  const payload = await encryptAndSign(content, {
    signWith: sender,
    recipients: [recipient.certificateArmored],
  });
  await expect(
    decryptAndVerify(payload, {
      decryptWith: parties[2]!,
      senderCertificate: sender.certificateArmored,
    }),
  ).rejects.toEqual(failsWith('payload-undecryptable'));
});

test('a payload with any byte changed is refused', async () => {
  const payload = await foreign();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: payload.byteLength - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, difference) => {
        const changed = Uint8Array.from(payload);
        changed[at] = (changed[at] ?? 0) ^ difference;
        const outcome: unknown = await open(changed).then(
          (opened) => Buffer.from(opened),
          (error: unknown) => error,
        );
        // A changed key version or fingerprint of a recipient packet may make it unreadable, never different.
        if (!isCausewayError(outcome, 'payload-undecryptable')) expect(outcome).toEqual(content);
      },
    ),
    { numRuns: 150 },
  );
});

test('a payload cut short, or with more behind it, is refused', async () => {
  const payload = await foreign();
  for (const cut of [0, 1, 40, payload.byteLength - 1]) {
    await expect(open(payload.subarray(0, cut))).rejects.toEqual(failsWith('payload-undecryptable'));
  }
  await expect(open(Buffer.concat([payload, payload]))).rejects.toEqual(failsWith('payload-undecryptable'));
});

test('arbitrary bytes are refused in words', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await expect(open(bytes)).rejects.toEqual(failsWith('payload-undecryptable'));
    }),
  );
});

test('an unsigned payload is refused', async () => {
  await expect(open(await foreign({ signingKeys: [] }))).rejects.toEqual(failsWith('payload-unsigned'));
});

test('a payload signed by somebody else is refused', async () => {
  const payload = await foreign({ signingKeys: parties[3]!.privateKey });
  await expect(open(payload)).rejects.toEqual(failsWith('payload-unsigned'));
});

test('a payload with a second signature is refused', async () => {
  const payload = await foreign({ signingKeys: [sender.privateKey, parties[3]!.privateKey] });
  await expect(open(payload)).rejects.toEqual(failsWith('payload-unsigned'));
});

test('a signed message that is not encrypted is refused', async () => {
  const signed: unknown = await sign({
    message: await createMessage({ binary: content }),
    signingKeys: sender.privateKey,
    format: 'binary',
    config: modern,
  });
  await expect(open(signed as Uint8Array)).rejects.toEqual(failsWith('payload-undecryptable'));
});

test('a message in OCB, as other programs write it, is read', async () => {
  const payload = await foreign({ config: { ...modern, preferredAEADAlgorithm: enums.aead.ocb } });
  expect(suiteOf(payload).aead).toBe(enums.aead.ocb);
  expect(Buffer.from(await open(payload))).toEqual(content);
});

test('a compressed message is read while it is small', async () => {
  const payload = await foreign({
    config: { ...modern, preferredCompressionAlgorithm: enums.compression.zlib },
  });
  expect(Buffer.from(await open(payload))).toEqual(content);
});

test('a message that inflates beyond the limit is refused', async () => {
  const bomb = new Uint8Array(maxContentBytes * 4);
  const payload = await foreign(
    { config: { ...modern, preferredCompressionAlgorithm: enums.compression.zlib } },
    bomb,
  );
  expect(payload.byteLength).toBeLessThan(deflateRawSync(bomb).byteLength * 2);
  await expect(open(payload)).rejects.toEqual(failsWith('payload-undecryptable'));
});

test('SEIPD version 1 is refused, whoever signed it', async () => {
  const old = await generateKey({
    type: 'ecc',
    userIDs: { name: 'agency/old' },
    config: { v6Keys: false, aeadProtect: false },
    format: 'object',
  });
  const payload = await foreign({
    encryptionKeys: [old.publicKey, recipient.privateKey.toPublic()],
    config: { ...modern, aeadProtect: false },
  });
  const { packets } = await readMessage({ binaryMessage: payload });
  expect((packets.at(-1) as unknown as { version: number }).version).toBe(1);
  await expect(open(payload)).rejects.toEqual(failsWith('payload-undecryptable'));
});

test('nothing is encrypted to a key without AEAD, of version 4, private, or unreadable', async () => {
  const make = async (config: PartialConfig) =>
    generateKey({ userIDs: { name: 'agency/old' }, config, format: 'armored' });
  const withoutAead = await make({ v6Keys: true, aeadProtect: false });
  const version4 = await make({ v6Keys: false, aeadProtect: true });
  for (const bad of [withoutAead.publicKey, version4.publicKey, sender.privateKey.armor(), 'nonsense']) {
    await expect(
      encryptAndSign(content, { signWith: sender, recipients: [recipient.certificateArmored, bad] }),
    ).rejects.toEqual(failsWith('key-unsuitable'));
  }
});

test('nothing is encrypted to a key that has expired', async () => {
  const { publicKey } = await generateKey({
    userIDs: { name: 'agency/old' },
    date: new Date(Date.now() - 3600_000),
    keyExpirationTime: 60,
    config: modern,
    format: 'armored',
  });
  await expect(encryptAndSign(content, { signWith: sender, recipients: [publicKey] })).rejects.toEqual(
    failsWith('key-unsuitable'),
  );
});

test.each([
  [-100, /^The encryption key of agency\/desk ended on \d{4}-\d\d-\d\dT/],
  [1, /^The encryption key of agency\/desk starts on \d{4}-\d\d-\d\dT/],
])('a key made %i days from now is told as out of its time, with whose it is', async (days, words) => {
  const desk = 'agency/desk' as EndpointAddress;
  const { certificateArmored } = await generateOpenpgpKey(desk, Date.now() + days * 86_400_000);
  await expect(readOpenpgpCertificate(certificateArmored, desk)).rejects.toMatchObject({
    code: 'key-expired',
    detail: expect.stringMatching(words) as unknown,
  });
});

test.each([
  ['behind', 25],
  ['ahead', -200],
])('content is opened by a clock that is %s its keys and its signature', async (_how, days) => {
  const at = (more: number): number => Date.now() + (days + more) * 86_400_000;
  const [writer, reader] = await Promise.all(
    ['writer', 'reader'].map(async (name) => {
      const key = await generateOpenpgpKey(`agency/${name}` as EndpointAddress, at(0));
      return await readOpenpgpIdentity(key.privateKeyArmored);
    }),
  );
  const payload = await encryptAndSign(content, {
    signWith: writer!,
    recipients: [reader!.certificateArmored],
    at: new Date(at(1)),
  });
  const opened = await decryptAndVerify(payload, {
    decryptWith: reader!,
    senderCertificate: writer!.certificateArmored,
  });
  expect(Buffer.from(opened)).toEqual(content);
});

test('a renewed key publishes its new subkey alone and opens what was encrypted to each before it', async () => {
  const dayMs = 86_400_000;
  const now = Date.now();
  const desk = 'agency/desk' as EndpointAddress;
  const first = (await generateOpenpgpKey(desk, now - 80 * dayMs)).privateKeyArmored;
  const second = await renewEncryptionKey(first, now - 20 * dayMs);
  expect(await renewEncryptionKey(second, now)).toBe(second);
  const [before, after] = [await readOpenpgpIdentity(first), await readOpenpgpIdentity(second)];
  expect(after.fingerprint).toBe(before.fingerprint);
  expect(after.encryptionKeys).toEqual([before.encryptionKey, after.encryptionKey]);
  expect(await readOpenpgpCertificate(after.certificateArmored, desk)).toEqual({
    fingerprint: before.fingerprint,
    encryptionKey: after.encryptionKey,
  });
  for (const { certificateArmored, encryptionKey } of [before, after]) {
    const payload = Buffer.from(
      await encryptAndSign(content, { signWith: sender, recipients: [certificateArmored] }),
    );
    expect(peekRecipients(payload)).toEqual([encryptionKey]);
    const opened = await decryptAndVerify(payload, {
      decryptWith: after,
      senderCertificate: sender.certificateArmored,
    });
    expect(Buffer.from(opened)).toEqual(content);
  }
  const signed = await encryptAndSign(content, {
    signWith: after,
    recipients: [recipient.certificateArmored],
  });
  await open(signed, before.certificateArmored);
});

test('a private subkey is kept while anything encrypted to it may be under way, expired or not', async () => {
  const dayMs = 86_400_000;
  const start = Date.now() - 400 * dayMs;
  let armored = (await generateOpenpgpKey('agency/desk' as EndpointAddress, start)).privateKeyArmored;
  const kept: number[] = [];
  for (let day = 60; day <= 360; day += 60) {
    armored = await renewEncryptionKey(armored, start + day * dayMs, []);
    kept.push((await readOpenpgpIdentity(armored)).encryptionKeys.length);
  }
  expect(kept).toEqual([2, 3, 4, 5, 5, 5]);
});

test('a clock far ahead takes no subkey away that the directory names, however old', async () => {
  const dayMs = 86_400_000;
  const now = Date.now();
  const { privateKeyArmored, encryptionKey } = await generateOpenpgpKey('agency/desk' as EndpointAddress);
  for (const named of [[encryptionKey], undefined]) {
    const ahead = await renewEncryptionKey(privateKeyArmored, now + 300 * dayMs, named);
    const { encryptionKeys } = await readOpenpgpIdentity(ahead, now);
    expect(encryptionKeys).toHaveLength(2);
    expect(encryptionKeys).toContain(encryptionKey);
  }
});

test('a subkey from the future is not the newest, and makes room for one of today', async () => {
  const dayMs = 86_400_000;
  const now = Date.now();
  const { privateKeyArmored, encryptionKey } = await generateOpenpgpKey(
    'agency/desk' as EndpointAddress,
    now - 61 * dayMs,
  );
  const ahead = await renewEncryptionKey(privateKeyArmored, now + 40 * dayMs, [encryptionKey]);
  const spoilt = await readOpenpgpIdentity(ahead);
  expect(spoilt.encryptionKey).toBe(encryptionKey);
  const [fromFuture] = spoilt.encryptionKeys.filter((key) => key !== encryptionKey);
  const mended = await readOpenpgpIdentity(await renewEncryptionKey(ahead, now, [encryptionKey]));
  expect(mended.encryptionKeys).toEqual([encryptionKey, mended.encryptionKey]);
  expect(mended.encryptionKey).not.toBe(fromFuture);
  // One that the directory came to name all the same stays until it does not.
  const kept = await readOpenpgpIdentity(await renewEncryptionKey(ahead, now, [fromFuture!]));
  expect(kept.encryptionKeys).toHaveLength(3);
});

test('a private key comes back from its armored text; nonsense is refused', async () => {
  const { privateKeyArmored, fingerprint } = await generateOpenpgpKey('agency/desk' as EndpointAddress);
  expect((await readOpenpgpIdentity(privateKeyArmored)).fingerprint).toBe(fingerprint);
  expect((await readPrivateKey({ armoredKey: privateKeyArmored })).isDecrypted()).toBe(true);
  await expect(readOpenpgpIdentity('nonsense')).rejects.toEqual(failsWith('home-invalid'));
});
