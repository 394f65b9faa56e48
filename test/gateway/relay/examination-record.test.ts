import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../gateway/policy/decision.ts';
import { recordAcceptance, recordRefusal, type Examined } from '../../../gateway/relay/examination-record.ts';
import { envelopeSchema, type Envelope } from '../../../protocol/wire/envelope.ts';
import { plainEnvelope } from '../../protocol/samples.ts';

const roles = fc.array(fc.constantFrom('duty', 'child-protection', 'a "quoted" role'), { maxLength: 2 });
const texts = fc.array(fc.string(), { maxLength: 2 });

/** An examination of a notice to some recipients, each with a decision of its own. */
const examinations = fc
  .record({
    dataschema: fc.option(fc.constant('urn:causeway:dataset:concern:1'), { nil: undefined }),
    senderRoles: roles,
    recipients: fc.array(fc.record({ roles, determining: texts, reasons: texts, denied: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ dataschema, senderRoles, recipients }) => {
    const to = recipients.map((_, nth) => `agency/recipient-${nth}`);
    const sequence = to.map((_, nth) => nth + 7);
    const envelope = envelopeSchema.parse({ ...plainEnvelope(), to, sequence, dataschema });
    const { category, severity, purpose, basis } = envelope;
    const decisions = recipients.map(({ denied, determining, reasons, roles: theirs }, nth): Decision => {
      const sender = { endpoint: envelope.source, agency: 'sender', roles: senderRoles };
      const recipient = { endpoint: to[nth]!, agency: 'agency', roles: theirs };
      return {
        effect: denied ? 'deny' : 'permit',
        policyDigest: 'P'.repeat(43) as Decision['policyDigest'],
        determining,
        reasons,
        errors: [],
        inputs: { sender, recipient, category, severity, purpose, basis, dataschema },
      };
    });
    return { envelope, decisions, roles: senderRoles };
  });

function examined(parts: { envelope: Envelope; decisions: readonly Decision[]; roles: readonly string[] }) {
  const envelopeDigest = createHash('sha256').update(parts.envelope.id).digest();
  return { ...parts, source: parts.envelope.source, envelopeDigest };
}

/** The record in the form that is easiest to read. */
function model(
  kind: string,
  { source, envelopeDigest, envelope, decisions, roles: own }: Examined,
  more: object,
) {
  const base = { kind, source, envelope: envelopeDigest.toString('base64url') };
  if (envelope === undefined) return { ...base, ...more };
  const { id: message, thread, to, sequence, category, severity, purpose, basis, dataschema } = envelope;
  const policy = decisions[0]?.policyDigest;
  const matter = { category, severity, purpose, basis, dataschema, roles: own, policy };
  const rulings = decisions.map(({ effect, determining, reasons, errors, inputs }) => ({
    ...{ recipient: inputs.recipient.endpoint, roles: inputs.recipient.roles, effect, determining },
    ...(effect === 'deny' && { reasons, errors }),
  }));
  return { ...base, message, thread, to, sequence, ...matter, decisions: rulings, ...more };
}

describe('the record of an examination', () => {
  it('says of an acceptance what was asked, and of each recipient how policy ruled and whether it was there, and the lane', () => {
    const [there, lanes] = [fc.array(fc.boolean(), { minLength: 3 }), fc.constantFrom(0, 1, 2)];
    fc.assert(
      fc.property(examinations, there, lanes, (parts, listening, lane) => {
        const whole = examined(parts);
        const expected = model('message.accepted', whole, {});
        const decisions = (expected as { decisions: object[] }).decisions.map((ruling, nth) => ({
          ...ruling,
          listening: listening[nth],
        }));
        const text = JSON.stringify({ ...expected, decisions, lane });
        expect(recordAcceptance(whole, listening, lane)).toBe(text);
        // The second time from what is remembered of the decisions.
        expect(recordAcceptance(whole, listening, lane)).toBe(text);
      }),
    );
  });

  it('says of a refusal as much as could be read, the code, whether the signature was verified, and what its sender is told', () => {
    const tellings = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(
        ...([examinations, fc.boolean(), fc.constantFrom(0, 1, 2), tellings] as const),
        (parts, authentic, stage, text) => {
          const whole = examined(parts);
          const reached: Examined = [
            { ...whole, envelope: undefined, decisions: [] },
            { ...whole, decisions: [] },
            whole,
          ][stage]!;
          const code = 'policy-denied';
          const told = authentic ? { text: text ?? null } : {};
          const expected = model('message.refused', reached, { code, authentic, ...told });
          expect(recordRefusal(reached, { code, text }, authentic)).toBe(JSON.stringify(expected));
        },
      ),
    );
  });
});
