import fc from 'fast-check';
import * as openpgp from 'openpgp';
import { beforeAll, describe, expect, it } from 'vitest';
import { peekRecipients } from '../../../protocol/wire/payload-peek.ts';
import { CausewayError } from '../../../protocol/errors.ts';

const v6 = { v6Keys: true, aeadProtect: true, preferredAEADAlgorithm: openpgp.enums.aead.gcm };
let keys: openpgp.PrivateKey[];
let oldKey: openpgp.PrivateKey;

beforeAll(async () => {
  const make = async (config: openpgp.PartialConfig) =>
    (
      await openpgp.generateKey({
        type: 'curve25519',
        userIDs: [{ name: 'synthetic' }],
        format: 'object',
        config,
      })
    ).privateKey;
  keys = await Promise.all([make(v6), make(v6), make(v6)]);
  oldKey = (await openpgp.generateKey({ type: 'ecc', userIDs: [{ name: 'synthetic' }], format: 'object' }))
    .privateKey;
});

async function encrypt(
  recipients: readonly openpgp.PrivateKey[],
  config: openpgp.PartialConfig = v6,
  bytes = 300,
): Promise<Buffer> {
  const binary: unknown = await openpgp.encrypt({
    message: await openpgp.createMessage({ binary: new Uint8Array(bytes) }),
    encryptionKeys: recipients.map((key) => key.toPublic()),
    format: 'binary',
    config,
  });
  return Buffer.from(binary as Uint8Array);
}

async function encryptionFingerprints(recipients: readonly openpgp.PrivateKey[]): Promise<string[]> {
  return Promise.all(recipients.map(async (key) => (await key.getEncryptionKey()).getFingerprint()));
}

function codeOf(payload: Buffer): string {
  try {
    peekRecipients(payload);
    return 'none';
  } catch (error) {
    if (error instanceof CausewayError) return error.code;
    throw error;
  }
}

describe('peeking at a payload', () => {
  it('names the keys of one and of several recipients, without decrypting', async () => {
    for (const recipients of [keys.slice(0, 1), keys]) {
      const payload = await encrypt(recipients);
      expect(peekRecipients(payload).sort()).toEqual((await encryptionFingerprints(recipients)).sort());
    }
  });

  it('accepts OCB, which foreign clients send', async () => {
    const payload = await encrypt(keys.slice(0, 1), {
      ...v6,
      preferredAEADAlgorithm: openpgp.enums.aead.ocb,
    });
    expect(codeOf(payload)).toBe('none');
  });

  it('accepts a large payload', async () => {
    expect(codeOf(await encrypt(keys, v6, 500_000))).toBe('none');
  });

  it('accepts encrypted data in parts, as openpgp.js writes it, and in one piece', async () => {
    const payload = await encrypt(keys.slice(0, 1), v6, 2_000);
    const at = dataPacketAt(payload);
    expect(payload[at + 1]).toBeGreaterThanOrEqual(224);
    const body = joinParts(payload, at + 1);
    const length = Buffer.alloc(5, 255);
    length.writeUInt32BE(body.length, 1);
    const whole = Buffer.concat([payload.subarray(0, at), Buffer.from([0xc0 | 18]), length, body]);
    expect(peekRecipients(whole)).toEqual(peekRecipients(payload));
  });

  it('refuses encrypted data in parts of less than 512 bytes, the first one or another, however many', async () => {
    const payload = await encrypt(keys.slice(0, 1), v6, 4_000);
    const at = dataPacketAt(payload);
    const body = joinParts(payload, at + 1);
    const inParts = (...powers: number[]): Buffer => {
      const parts: Buffer[] = [payload.subarray(0, at), Buffer.from([0xc0 | 18])];
      let from = 0;
      for (const power of powers) {
        parts.push(Buffer.from([224 + power]), body.subarray(from, from + 2 ** power));
        from += 2 ** power;
      }
      const last = Buffer.alloc(5, 255);
      last.writeUInt32BE(body.length - from, 1);
      return Buffer.concat([...parts, last, body.subarray(from)]);
    };
    expect(peekRecipients(inParts(9, 10, 9))).toEqual(peekRecipients(payload));
    for (const powers of [[8], [0], [10, 8], [9, 0, 9], Array.from({ length: 2_000 }, () => 0)])
      expect(codeOf(inParts(...powers))).toBe('payload-not-encrypted');
  });

  it('refuses a message to a key without AEAD, which is integrity protected version 1', async () => {
    expect(codeOf(await encrypt([oldKey], {}))).toBe('encryption-unsupported');
  });

  it('refuses a mixture of old and new recipients', async () => {
    expect(codeOf(await encrypt([keys[0]!, oldKey], {}))).toBe('encryption-unsupported');
  });

  it('refuses text, signed data, armor and nothing at all', async () => {
    expect(codeOf(Buffer.from('a concern in plain text'))).toBe('payload-not-encrypted');
    expect(codeOf(Buffer.alloc(0))).toBe('payload-not-encrypted');
    const signed: unknown = await openpgp.sign({
      message: await openpgp.createMessage({ text: 'signed only' }),
      signingKeys: keys[0]!,
      format: 'binary',
    });
    expect(codeOf(Buffer.from(signed as Uint8Array))).toBe('payload-not-encrypted');
    const armored = Buffer.from('-----BEGIN PGP MESSAGE-----\n');
    expect(codeOf(armored)).toBe('payload-not-encrypted');
  });

  it('refuses bytes behind the encrypted data, and encrypted data without a recipient', async () => {
    const payload = await encrypt(keys.slice(0, 1));
    expect(codeOf(Buffer.concat([payload, Buffer.from([0])]))).toBe('payload-not-encrypted');
    expect(codeOf(Buffer.concat([payload, payload]))).toBe('payload-not-encrypted');
    expect(codeOf(payload.subarray(dataPacketAt(payload)))).toBe('payload-not-encrypted');
  });

  it('refuses every truncation', async () => {
    const payload = await encrypt(keys.slice(0, 2));
    for (let length = 0; length < payload.length; length++) {
      expect(codeOf(payload.subarray(0, length)), `cut to ${length}`).not.toBe('none');
    }
  });

  it('throws nothing but typed errors for random bytes and for random changes of a good payload', async () => {
    const payload = await encrypt(keys);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        codeOf(Buffer.from(bytes));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.nat({ max: payload.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(payload);
        changed[at] = changed[at]! ^ flip;
        codeOf(changed);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The body of a packet whose length begins at `at`, its parts joined. */
function joinParts(payload: Buffer, at: number): Buffer {
  const parts: Buffer[] = [];
  for (;;) {
    const first = payload[at]!;
    if (first >= 224 && first < 255) {
      const length = 2 ** (first & 0x1f);
      parts.push(payload.subarray(at + 1, at + 1 + length));
      at += 1 + length;
    } else {
      const header = first < 192 ? 1 : first < 224 ? 2 : 5;
      return Buffer.concat([...parts, payload.subarray(at + header)]);
    }
  }
}

/** Where the data packet begins: behind the recipient packets, which are short. */
function dataPacketAt(payload: Buffer): number {
  let at = 0;
  while ((payload[at]! & 0x3f) === 1) at += 2 + payload[at + 1]!;
  return at;
}
