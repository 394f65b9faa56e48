import { generateKeyPairSync } from 'node:crypto';
import * as openpgp from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdMessagesAgainst } from '../../gateway/audit/messages-against-log.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { sha256 } from '../../protocol/proof/merkle.ts';
import { encodeUnit, type Unit } from '../../protocol/wire/frame.ts';
import { limits } from '../../protocol/limits.ts';
import { unreadableId } from '../../protocol/wire/receipt.ts';
import { Bystander } from './kit/bystander.ts';
import { newId, seal, sign, Writer, type EnvelopeChanges, type TestEndpoint } from './kit/endpoint.ts';
import { addresses, Exchange, type Name } from './kit/exchange.ts';
import type { RawSession } from './kit/raw-session.ts';

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;
let writer: Writer;
let police: RawSession;
let bystander: Bystander;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north', 'night', 'south', 'health');
  writer = await Writer.open(people.police, [people.north]);
  await exchange.revoke(people.night);
  bystander = await Bystander.start(exchange, people.health, people.south);
  police = await exchange.connect(people.police);
});
afterAll(async () => {
  try {
    // The session that sent all of this is as good as new, and nobody else noticed.
    await police.accepted(writer.message());
    expect(police.isOpen).toBe(true);
    expect(await bystander.stop()).toBeGreaterThan(0);
  } finally {
    await exchange.close();
  }
});

type Bad = { readonly unit: Unit; readonly digest: Buffer };

function bad(envelope: Uint8Array, proof: Uint8Array, payload: Uint8Array): Bad {
  return { unit: encodeUnit(envelope, proof, payload), digest: sha256(envelope) };
}

function changedProof(change: (proof: Buffer) => Buffer, size = 1, index = 0): () => Bad {
  return () => {
    const { unit } = writer.batch(Array.from({ length: size }, () => ({})))[index]!;
    return bad(unit.envelope, change(Buffer.from(unit.proof)), unit.payload);
  };
}

const flip =
  (at: number) =>
  (proof: Buffer): Buffer => {
    proof[at < 0 ? proof.byteLength + at : at]! ^= 0x80;
    return proof;
  };
const put16 =
  (at: number, value: number) =>
  (proof: Buffer): Buffer => {
    proof.writeUInt16BE(value, at);
    return proof;
  };

/** An envelope's bytes spoilt and then signed as they are. */
function signedBytes(change: (text: string) => string | Buffer): () => Bad {
  return () => {
    const [message] = sign([{ envelope: writer.envelope(), payload: writer.payload }], people.police);
    const envelope = Buffer.from(change(message!.unit.envelope.toString()));
    return bad(envelope, message!.unit.proof, writer.payload);
  };
}

const changed = (changes: () => EnvelopeChanges) => (): Bad => writer.message(changes());
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe('a message that is refused by itself', () => {
  it.each<[ErrorCode, string, () => Bad | Promise<Bad>]>([
    ['envelope-malformed', 'an envelope that is not JSON', signedBytes(() => 'not JSON')],
    ['envelope-malformed', 'an empty envelope', signedBytes(() => '')],
    ['envelope-malformed', 'an envelope with white space', signedBytes((text) => text.replace(':', ': '))],
    ['envelope-malformed', 'a name twice', signedBytes((text) => text.replace('{', '{"type":"notice",'))],
    ['envelope-malformed', 'bytes that are not UTF-8', signedBytes(() => Buffer.from([0x22, 0xff, 0x22]))],
    ['envelope-malformed', 'a field that is missing', changed(() => ({ purpose: undefined }))],
    ['envelope-malformed', 'a time without milliseconds', changed(() => ({ time: '2026-11-23T09:30:00Z' }))],
    ['envelope-malformed', 'an id of another kind', changed(() => ({ id: crypto.randomUUID() }))],
    [
      'envelope-malformed',
      'a recipient twice',
      changed(() => ({ to: [addresses.north, addresses.north], sequence: [1, 1] })),
    ],
    ['envelope-malformed', 'a sequence that does not fit', changed(() => ({ sequence: [1, 2] }))],
    [
      'envelope-too-large',
      'an envelope above 64 KiB',
      signedBytes((text) => `${text}${' '.repeat(limits.maxEnvelopeBytes)}`),
    ],
    ['source-mismatch', 'someone else’s envelope', changed(() => ({ source: addresses.health }))],
    [
      'signing-key-unknown',
      'another signing key',
      changed(() => ({ signingKey: people.health.signer.keyId })),
    ],
    ['proof-malformed', 'a proof of no length', changedProof(() => Buffer.alloc(0))],
    [
      'proof-malformed',
      'a proof that is too long',
      changedProof((proof) => Buffer.concat([proof, Buffer.alloc(32 * 7)])),
    ],
    ['proof-malformed', 'a path that is missing', changedProof((proof) => proof.subarray(0, 68), 2)],
    ['proof-malformed', 'a path that is cut', changedProof((proof) => proof.subarray(0, -1), 4, 2)],
    [
      'proof-malformed',
      'a path where none belongs',
      changedProof((proof) => Buffer.concat([proof, Buffer.alloc(32)])),
    ],
    ['proof-malformed', 'a size of nothing', changedProof(put16(66, 0))],
    ['proof-malformed', 'a size above 64', changedProof(put16(66, 65))],
    ['proof-malformed', 'an index beyond the size', changedProof(put16(64, 5), 5, 0)],
    ['proof-invalid', 'a wrong signature', changedProof(flip(5))],
    ['proof-invalid', 'a wrong signature on a batch', changedProof(flip(63), 7, 3)],
    ['proof-invalid', 'another index of the same batch', changedProof(put16(64, 1), 4, 0)],
    ['proof-invalid', 'a size that lies', changedProof(put16(66, 3), 4, 0)],
    ['proof-invalid', 'a path broken at its beginning', changedProof(flip(68), 64, 10)],
    ['proof-invalid', 'a path broken at its end', changedProof(flip(-1), 64, 10)],
    [
      'envelope-expired',
      'an envelope that has expired',
      changed(() => ({ time: inMs(-2_000), expires: inMs(-1_000) })),
    ],
    [
      'clock-skew',
      'a time in the future',
      changed(() => ({ time: inMs(limits.maxClockSkewMs + 60_000), expires: inMs(7_200_000) })),
    ],
    [
      'lifetime-too-long',
      'a lifetime above 90 days',
      changed(() => ({ expires: inMs(limits.maxLifetimeMs + 60_000) })),
    ],
    ['attachments-unsupported', 'attachments', changed(() => ({ attachments: [{ digest: 'x' }] }))],
    ['envelope-malformed', 'a payload of no bytes announced', () => writer.message({}, Buffer.alloc(0))],
    [
      'payload-missing',
      'no payload',
      () => {
        const { unit } = writer.message();
        return bad(unit.envelope, unit.proof, Buffer.alloc(0));
      },
    ],
    [
      'payload-mismatch',
      'a length that differs',
      changed(() => ({ payloadBytes: writer.payload.byteLength + 1 })),
    ],
    ['payload-mismatch', 'a digest that differs', changed(() => ({ payloadDigest: 'A'.repeat(43) }))],
    [
      'payload-mismatch',
      'one byte of the payload changed',
      () => {
        const { unit } = writer.message();
        return bad(unit.envelope, unit.proof, flip(-1)(Buffer.from(unit.payload)));
      },
    ],
    [
      'payload-too-large',
      'a payload above 1 MiB',
      () => writer.message({}, Buffer.alloc(limits.maxPayloadBytes + 1, 1)),
    ],
    [
      'payload-not-encrypted',
      'a payload in plain words',
      () => writer.message({}, Buffer.from('a synthetic concern')),
    ],
    [
      'payload-not-encrypted',
      'bytes after the encrypted data',
      () => writer.message({}, Buffer.concat([writer.payload, Buffer.from([0])])),
    ],
    [
      'recipient-keys-mismatch',
      'a payload to somebody else',
      async () => writer.message({}, await seal(people.police, [people.south])),
    ],
    [
      'recipient-keys-mismatch',
      'a payload to one more',
      async () => writer.message({}, await seal(people.police, [people.north, people.south])),
    ],
    [
      'recipient-keys-mismatch',
      'keys of one more',
      async () =>
        writer.message(
          {
            recipientKeys: [people.north, people.south].map(
              ({ openpgp: { encryptionKey } }) => encryptionKey,
            ),
          },
          await seal(people.police, [people.north, people.south]),
        ),
    ],
    [
      'recipient-keys-mismatch',
      'a recipient without a key',
      changed(() => ({ to: [addresses.north, addresses.south], sequence: [1, 1] })),
    ],
    [
      'recipient-unknown',
      'an endpoint that nobody knows',
      changed(() => ({ to: ['north-lanarkshire-social-work/nobody'] })),
    ],
    [
      'recipient-unknown',
      'a role that nobody holds',
      changed(() => ({ to: ['north-lanarkshire-social-work/@mash'] })),
    ],
    ['recipient-revoked', 'an endpoint that was revoked', changed(() => ({ to: [addresses.night] }))],
    ['category-unknown', 'a category that is not agreed', changed(() => ({ category: 'gossip' }))],
    [
      'dataset-unknown',
      'a data set that is not agreed',
      changed(() => ({ dataschema: 'urn:causeway:dataset:gossip:1.0' })),
    ],
    [
      'policy-denied',
      'what the agreement does not permit',
      changed(() => ({ category: 'child-moved', purpose: 'oversight' })),
    ],
  ])('%s: %s', async (code, _what, make) => {
    const message = await make();
    const [answer] = await police.submit(message);
    expect(answer).toMatchObject({ kind: 'refused', code });
    const record = await exchange.recorded({
      kind: 'message.refused',
      envelope: message.digest.toString('base64url'),
    });
    expect(record).toMatchObject({ code, source: addresses.police });
    if (code === 'envelope-malformed' || code === 'envelope-too-large') {
      expect(answer?.receipt.message).toBe(unreadableId);
    }
  });

  it('encryption-unsupported: SEIPD version 1 and PKESK version 3, as older programs send them', async () => {
    const old = await openpgp.generateKey({
      type: 'ecc',
      userIDs: [{ name: 'synthetic' }],
      format: 'object',
    });
    const v3 = Buffer.from(
      (await openpgp.encrypt({
        message: await openpgp.createMessage({ binary: new Uint8Array(100) }),
        encryptionKeys: old.publicKey,
        format: 'binary',
      })) as unknown as Uint8Array,
    );
    expect(await police.refused(writer.message({}, v3))).toBe('encryption-unsupported');
    // A good recipient packet before data of version 1.
    const packets = Buffer.from(writer.payload);
    const v6End = 2 + packets[1]!;
    const v1 = Buffer.concat([packets.subarray(0, v6End), Buffer.from([0xc0 | 18, 60, 1]), Buffer.alloc(59)]);
    expect(await police.refused(writer.message({}, v1))).toBe('encryption-unsupported');
  });
});

describe('a proof', () => {
  it('with a broken tail is refused and never stored, although the root of its batch is known already', async () => {
    const messages = writer.batch(Array.from({ length: 64 }, () => ({})));
    const [first, second] = messages;
    await police.accepted(first!);
    const proof = Buffer.from(second!.unit.proof);
    for (let step = 1; step <= 6; step++) {
      const broken = flip(-32 * step)(Buffer.from(proof));
      expect(await police.refused(bad(second!.unit.envelope, broken, writer.payload))).toBe('proof-invalid');
    }
    expect(await police.refused(bad(second!.unit.envelope, messages[2]!.unit.proof, writer.payload))).toBe(
      'proof-invalid',
    );
    const store = await exchange.store();
    expect(await store.readMessage(people.police.address, second!.id)).toBeUndefined();
    await police.accepted(second!);
  });

  it('of another batch is refused', async () => {
    const [one, other] = [writer.batch([{}, {}]), writer.batch([{}, {}])];
    await police.accepted(one[0]!);
    await police.accepted(other[0]!);
    expect(await police.refused(bad(one[1]!.unit.envelope, other[1]!.unit.proof, writer.payload))).toBe(
      'proof-invalid',
    );
  });

  it('made with a key that is not on record is refused', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { batchSigner } = await import('../../protocol/proof/signing.ts');
    const signer = batchSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const [message] = sign([{ envelope: writer.envelope(), payload: writer.payload }], {
      ...people.police,
      signer,
    });
    expect(await police.refused(message!)).toBe('proof-invalid');
  });
});

describe('a replayed message', () => {
  it('sent by another endpoint than its sender is refused', async () => {
    const message = writer.message();
    await police.accepted(message);
    const health = await exchange.connect(people.health);
    expect(await health.refused(message)).toBe('source-mismatch');
    await exchange.recorded({ kind: 'message.refused', code: 'source-mismatch', source: addresses.health });
    await health.leave();
  });
});

describe('a frame of many units', () => {
  it('accepts 63 good ones and refuses the bad one among them', async () => {
    const messages = writer.batch(
      Array.from({ length: 64 }, (_, index) => (index === 20 ? { category: 'gossip' } : {})),
    );
    const answers = await police.submit(...messages);
    expect(answers.filter(({ kind }) => kind === 'accepted')).toHaveLength(63);
    expect(answers[20]).toMatchObject({ kind: 'refused', code: 'category-unknown' });
  });

  it('refuses 64 bad ones among 64 good ones, each in its place', async () => {
    const good = writer.batch(Array.from({ length: 64 }, () => ({})));
    const mixed = good.flatMap((message) => {
      const { unit } = writer.message({ id: newId() });
      return [message, bad(unit.envelope, flip(0)(Buffer.from(unit.proof)), unit.payload)];
    });
    const answers = await police.submit(...mixed);
    expect(answers.map((answer) => (answer.kind === 'accepted' ? 'accepted' : answer.code))).toEqual(
      mixed.map((_, index) => (index % 2 === 0 ? 'accepted' : 'proof-invalid')),
    );
  });

  it('takes a payload of exactly 1 MiB, and a frame just below its own limit', async () => {
    const overhead = (await seal(people.police, [people.north], 900_000)).byteLength - 900_000;
    const largest = await Writer.open(
      people.police,
      [people.north],
      undefined,
      limits.maxPayloadBytes - overhead - 100,
    );
    expect(largest.payload.byteLength).toBeGreaterThan(limits.maxPayloadBytes - 2_000);
    expect(largest.payload.byteLength).toBeLessThanOrEqual(limits.maxPayloadBytes);
    const answers = await police.submit(...largest.batch([{}, {}, {}]));
    expect(answers.every(({ kind }) => kind === 'accepted')).toBe(true);
  });
});

it('the store keeps of each what its leaf says, of those that are refused for good as well', async () => {
  const store = await exchange.store();
  // Somebody may still be sending meanwhile.
  const before = await store.countKept();
  const { looked, faults, unknown, deliveries, groups } = await holdMessagesAgainst(store, store);
  expect([faults.first, unknown, deliveries.faults.first, groups.first]).toEqual([[], 0, [], []]);
  expect(looked).toBeGreaterThanOrEqual(before.messages);
  expect(looked).toBeLessThanOrEqual((await store.countKept()).messages);
  const refused = (await exchange.records()).filter(({ entry }) => entry.authentic === true);
  expect(refused.length).toBeGreaterThan(10);
});
