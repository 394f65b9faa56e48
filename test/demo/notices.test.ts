import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readStory } from '../../bin/demo/story.ts';
import { DatasetRegistry } from '../../clients/sdk/datasets/datasets.ts';
import type { Party } from '../../gateway/policy/decision.ts';
import { loadPolicySet } from '../../gateway/policy/load.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import { agencyOf } from '../../protocol/ids.ts';

const root = join(import.meta.dirname, '../..');
const { endpoints, notices: told } = await readStory();
const notices = told.map(({ file, ...notice }) => ({ file, notice }));

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
  const refused = notices.filter(({ notice }) => notice.expect !== undefined);
  expect(refused.map(({ notice }) => notice.expect)).toEqual(['policy-denied']);
});

/** The tenth digit of a CHI number: weights 10 to 2, modulo 11. */
function hasCheckDigit(chi: string): boolean {
  const digits = Array.from(chi, Number);
  const sum = digits.slice(0, 9).reduce((total, digit, index) => total + digit * (10 - index), 0);
  return digits.length === 10 && (11 - (sum % 11)) % 11 === digits[9];
}
