import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { shippedPolicies } from '../../../bin/sandbox.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import type { PolicySet } from '../../../gateway/policy/policy-set.ts';
import { examine, type ExaminationContext, type Sender } from '../../../gateway/relay/examine.ts';
import { catalogue } from '../../../protocol/errors.ts';
import { agencyOf, type EndpointAddress, type Fingerprint } from '../../../protocol/ids.ts';
import { proveBatch, VerifiedRoots } from '../../../protocol/proof/batch-proof.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { decodeUnit, encodeUnit, type Unit } from '../../../protocol/wire/frame.ts';
import { refusedDetailSchema } from '../../../protocol/wire/receipt-detail.ts';
import { messageId, signerFromSeed } from '../../protocol/samples.ts';

const now = Date.UTC(2026, 10, 23, 12);
const signer = signerFromSeed(1);
let policy: PolicySet;

beforeAll(async () => {
  policy = await loadPolicySet(shippedPolicies);
});

function entry(endpoint: string, number: number): DirectoryEntry {
  return {
    endpoint: endpoint as EndpointAddress,
    agency: agencyOf(endpoint),
    roles: [],
    status: 'active',
    enrolledAt: new Date(now).toISOString(),
    revokedAt: null,
    tlsThumbprint: 'A'.repeat(43) as DirectoryEntry['tlsThumbprint'],
    previousTlsThumbprint: null,
    openpgpCertificate: '',
    openpgpFingerprint: keyOf(number),
    encryptionKey: keyOf(number),
    previousEncryptionKey: null,
    signingKey: signer.publicKey.raw.toString('base64url'),
  };
}

const keyOf = (number: number): Fingerprint => number.toString(16).padStart(64, '0') as Fingerprint;

/** Packet headers of an OpenPGP message to these keys; nobody could decrypt it. */
function sealedLook(keys: readonly string[]): Buffer {
  const packets = keys.map((key) => {
    const body = Buffer.concat([Buffer.from([6, 33, 6]), Buffer.from(key, 'hex'), Buffer.alloc(10)]);
    return Buffer.concat([Buffer.from([0xc1, body.byteLength]), body]);
  });
  const data = Buffer.concat([Buffer.from([2, 9, 3, 6]), Buffer.alloc(48)]);
  return Buffer.concat([...packets, Buffer.from([0xd2, data.byteLength]), data]);
}

const source = 'strathclyde-police/public-protection';
const recipients = Array.from({ length: 32 }, (_, index) =>
  entry(`child-protection-committee/${'a-rather-long-name-'.repeat(3)}${index}`, index),
);

function sender(): Sender {
  return { entry: entry(source, 99), signingKey: signer.publicKey, verified: new VerifiedRoots() };
}

function context(): ExaminationContext {
  const byAddress = new Map(recipients.map((each) => [each.endpoint as string, each]));
  return {
    now: () => now,
    resolve: (address) => [byAddress.get(address)].filter((found) => found !== undefined),
    policy: () => policy,
    isListening: () => false,
  };
}

function unitTo(entries: readonly DirectoryEntry[], changes: Record<string, unknown> = {}): Unit {
  const keys = entries.map(({ encryptionKey }) => encryptionKey);
  const payload = sealedLook(keys);
  const envelope = Buffer.from(
    JSON.stringify({
      id: messageId,
      source,
      type: 'notice',
      time: new Date(now).toISOString(),
      expires: new Date(now + 3_600_000).toISOString(),
      to: entries.map(({ endpoint }) => endpoint),
      sequence: entries.map(() => 1),
      category: 'police-concern',
      severity: 'concern',
      purpose: 'child-protection',
      basis: 'public-task',
      subjects: [],
      thread: messageId,
      payloadDigest: sha256(payload).toString('base64url'),
      payloadBytes: payload.byteLength,
      recipientKeys: keys,
      attachments: [],
      signingKey: signer.keyId,
      ...changes,
    }),
  );
  return encodeUnit(envelope, proveBatch([envelope], signer)[0]!, payload);
}

describe('the examination of a unit', () => {
  it.each([
    ['information-request', 'concern', 2],
    ['information-request', 'immediate', 0],
    ['missed-appointment', 'concern', 2],
    ['unexplained-injury', 'urgent', 1],
  ])('puts %s of severity %s into lane %i, as the agreement says', (category, severity, lane) => {
    const duty = { ...entry('north-lanarkshire-social-work/duty', 7), roles: ['duty'] };
    const hospital = 'nhs-lanarkshire/child-protection';
    const unit = unitTo([duty], { source: hospital, category, severity });
    const from = { ...sender(), entry: { ...entry(hospital, 98), roles: ['child-protection'] } };
    const verdict = examine(unit, from, { ...context(), resolve: () => [duty] });
    expect(verdict).toMatchObject({ verdict: 'accept', lane });
  });

  it('takes what is encrypted to a key that its recipient has renewed since, and not to both keys', () => {
    const duty = {
      ...entry('north-lanarkshire-social-work/duty', 7),
      roles: ['duty'],
      previousEncryptionKey: keyOf(8),
    };
    const before = { ...duty, encryptionKey: keyOf(8) };
    const judge = (sealedFor: readonly DirectoryEntry[]): unknown => {
      const unit = unitTo(sealedFor, { to: [duty.endpoint], sequence: [1], category: 'concern' });
      return examine(unit, sender(), { ...context(), resolve: () => [duty] });
    };
    expect(judge([duty])).toMatchObject({ verdict: 'accept' });
    expect(judge([before])).toMatchObject({ verdict: 'accept' });
    const mismatch = { verdict: 'refuse', code: 'recipient-keys-mismatch' };
    expect(judge([duty, before])).toMatchObject(mismatch);
    expect(judge([{ ...duty, encryptionKey: keyOf(9) }])).toMatchObject(mismatch);
  });

  it('gives a reason that fits into a receipt, however many recipients are denied', () => {
    const verdict = examine(unitTo(recipients), sender(), context());
    if (verdict.verdict !== 'refuse') throw new Error('it was accepted');
    expect(verdict).toMatchObject({ code: 'policy-denied', final: true });
    const { code, text } = verdict;
    expect(refusedDetailSchema.parse({ code, text })).toEqual({ code, text });
    const record = JSON.parse(verdict.record) as { decisions: unknown[] };
    expect(record).toMatchObject({ kind: 'message.refused', authentic: true });
    expect(record.decisions).toHaveLength(32);
  });

  it('ends in a verdict for whatever is changed in a unit, and in a final one only if the proof was good', () => {
    const good = unitTo(recipients.slice(0, 1));
    const changes = fc.array(fc.tuple(fc.nat(good.bytes.byteLength - 11), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = Buffer.from(good.bytes);
        for (const [at, value] of list) bytes[10 + at] = value;
        const unit = decodeUnit(bytes);
        const verdict = examine(unit, sender(), context());
        expect(verdict.envelopeDigest).toEqual(sha256(unit.envelope));
        if (verdict.verdict !== 'refuse') return;
        const { code, text, final } = verdict;
        refusedDetailSchema.parse({ code, ...(text === undefined ? {} : { text }) });
        const signed = unit.envelope.equals(good.envelope) && unit.proof.equals(good.proof);
        expect(final).toBe(signed && !catalogue[code].retryable);
      }),
      { numRuns: 400 },
    );
  });
});
