import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DatasetRegistry } from '../../clients/sdk/datasets.ts';
import type { Party } from '../../gateway/policy/decision.ts';
import { loadPolicySet } from '../../gateway/policy/load.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import { endpointAddressSchema, agencyOf, slugSchema } from '../../protocol/ids.ts';
import { dataschemaSchema, severitySchema } from '../../protocol/wire/envelope.ts';

const root = join(import.meta.dirname, '../..');
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));

const endpoints = z
  .array(z.strictObject({ address: endpointAddressSchema, title: z.string(), roles: z.array(slugSchema) }))
  .parse(readJson('demo/endpoints.json'));

const noticeSchema = z
  .strictObject({
    story: z.string().regex(/^[^\n]+\.$/),
    from: endpointAddressSchema,
    to: z.array(endpointAddressSchema).min(1),
    category: slugSchema,
    severity: severitySchema,
    purpose: slugSchema,
    basis: slugSchema,
    dataschema: dataschemaSchema.optional(),
    inReplyTo: z.string().optional(),
    delayMs: z.int().min(0).max(5000).optional(),
    expect: z.literal('policy-denied').optional(),
    text: z.string().optional(),
    content: z.unknown().optional(),
  })
  .refine(({ text, content, dataschema }) =>
    text === undefined
      ? content !== undefined && dataschema !== undefined
      : content === undefined && dataschema === undefined,
  );

const files = readdirSync(join(root, 'demo/notices')).sort();
const notices = files.map((file) => ({ file, notice: noticeSchema.parse(readJson(`demo/notices/${file}`)) }));

let policies: PolicySet;
beforeAll(async () => {
  policies = await loadPolicySet(join(root, 'policies'));
});

function partyAt(address: string): Party {
  const endpoint = endpoints.find((candidate) => candidate.address === address);
  expect(endpoint, address).toBeDefined();
  return { endpoint: address, agency: agencyOf(address), roles: endpoint?.roles ?? [] };
}

describe('the endpoints of the demonstration', () => {
  it('belong to agencies of the agreement and hold roles that these allow', () => {
    for (const { address, roles } of endpoints) {
      expect(policies.agencies.has(agencyOf(address)), address).toBe(true);
      expect(policies.rolesAllowed(agencyOf(address))).toEqual(expect.arrayContaining(roles));
    }
  });
});

describe.each(notices)('the notice $file of the demonstration', ({ file, notice }) => {
  it('carries what its data set asks for', () => {
    const registry = DatasetRegistry.of([...policies.datasets.values()].map(({ schema }) => schema));
    if (notice.dataschema !== undefined)
      expect(registry.validate(notice.dataschema, notice.content)).toEqual([]);
    expect(policies.checkVocabulary(notice)).toBeUndefined();
  });

  it(`is ${notice.expect === undefined ? 'permitted' : 'denied'} by the agreement`, () => {
    const { category, severity, purpose, basis, dataschema } = notice;
    for (const address of notice.to) {
      const request = {
        sender: partyAt(notice.from),
        recipient: partyAt(address),
        category,
        severity,
        purpose,
        basis,
      };
      const { effect, reasons } = policies.decide({ ...request, dataschema });
      expect(effect, `${address}: ${reasons.join(' ')}`).toBe(
        notice.expect === undefined ? 'permit' : 'deny',
      );
    }
    expect(file.endsWith('-denied.json')).toBe(notice.expect !== undefined);
  });

  it('replies only to an earlier notice whose sender is told or took part', () => {
    if (notice.inReplyTo === undefined) return;
    const earlier = notices.find((candidate) => candidate.file === notice.inReplyTo);
    expect(earlier, notice.inReplyTo).toBeDefined();
    expect(notice.inReplyTo < file).toBe(true);
    expect([earlier!.notice.from, ...earlier!.notice.to]).toContain(notice.from);
  });

  it('is about synthetic people only', () => {
    const text = JSON.stringify(notice);
    for (const [, familyName] of text.matchAll(/"familyName":"([^"]*)"/g))
      expect(['Testcase', 'Example']).toContain(familyName);
    for (const [, phone] of text.matchAll(/"(?:phone|\w+Phone)":"([^"]*)"/g))
      expect(phone).toMatch(/^01632 960\d{3}$/);
    for (const [, chi] of text.matchAll(/"chi":"([^"]*)"/g)) expect(hasCheckDigit(chi!), chi).toBe(true);
    for (const [, date, chi] of text.matchAll(/"chi":"(\d{6})\d{4}".*?"dateOfBirth":"([^"]*)"/g)) {
      const [year, month, day] = chi!.split('-');
      expect(date).toBe(`${day}${month}${year!.slice(2)}`);
    }
  });
});

it('the demonstration is a dozen notices, some to several, some in reply, one in free text, one denied', () => {
  expect(notices.length).toBeGreaterThanOrEqual(12);
  expect(notices.filter(({ notice }) => notice.to.length > 1).length).toBeGreaterThanOrEqual(2);
  expect(notices.filter(({ notice }) => notice.inReplyTo !== undefined).length).toBeGreaterThanOrEqual(3);
  expect(notices.filter(({ notice }) => notice.text !== undefined)).toHaveLength(1);
  expect(notices.filter(({ notice }) => notice.expect !== undefined)).toHaveLength(1);
});

/** The tenth digit of a CHI number: weights 10 to 2, modulo 11. */
function hasCheckDigit(chi: string): boolean {
  const digits = Array.from(chi, Number);
  const sum = digits.slice(0, 9).reduce((total, digit, index) => total + digit * (10 - index), 0);
  return digits.length === 10 && (11 - (sum % 11)) % 11 === digits[9];
}
