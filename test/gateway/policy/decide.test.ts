import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DecisionRequest, Party } from '../../../gateway/policy/decision.ts';
import { cacheDecisions } from '../../../gateway/policy/decision-cache.ts';
import { prepareEvaluator, type Agreement } from '../../../gateway/policy/evaluate.ts';
import { buildPolicyParts, loadPolicySet } from '../../../gateway/policy/load.ts';
import { readPolicyFiles } from '../../../gateway/policy/policy-files.ts';
import type { PolicySet } from '../../../gateway/policy/policy-set.ts';
import type { SharingPolicy } from '../../../gateway/policy/sharing-policies.ts';
import { severities } from '../../../protocol/wire/envelope.ts';
import { copyPolicies, policiesDir } from './policy-folder.ts';

const party = (endpoint: string, ...roles: string[]): Party => ({
  endpoint,
  agency: endpoint.split('/')[0]!,
  roles,
});
const duty = party('north-lanarkshire-social-work/duty', 'duty');
const southDuty = party('south-lanarkshire-social-work/duty', 'duty');
const school = party('north-lanarkshire-education/named-persons', 'named-person');
const southSchool = party('south-lanarkshire-education/named-persons', 'named-person');
const police = party('strathclyde-police/public-protection', 'public-protection');
const emergency = party('nhs-lanarkshire/emergency-department', 'emergency-department');
const nurses = party('nhs-lanarkshire/child-protection', 'child-protection');
const reporter = party('scottish-childrens-reporter/intake', 'reporter');
const committee = party('child-protection-committee/oversight', 'oversight');
const everyone = [duty, southDuty, school, southSchool, police, emergency, nurses, reporter, committee];

const ask = (
  sender: Party,
  recipient: Party,
  category: string,
  rest: Partial<DecisionRequest> = {},
): DecisionRequest => ({
  sender,
  recipient,
  category,
  severity: 'urgent',
  purpose: 'child-protection',
  basis: 'public-task',
  ...rest,
});

let policies: PolicySet;
let uncached: PolicySet;
let shipped: Agreement;

beforeAll(async () => {
  policies = await loadPolicySet(policiesDir);
  shipped = buildPolicyParts(await readPolicyFiles(policiesDir, []), [])!;
  uncached = await loadPolicySet(policiesDir, { cacheCapacity: 0 });
});

describe('the sharing agreement', () => {
  it('lets any agency but the Committee raise a concern with social work', () => {
    for (const sender of everyone) {
      const { effect } = policies.decide(ask(sender, southDuty, 'concern'));
      expect(effect, sender.endpoint).toBe(sender === committee ? 'deny' : 'permit');
    }
  });

  it('lets police, health and social work start an IRD, and anybody ask for one', () => {
    const determining = (sender: Party, recipient: Party): readonly string[] =>
      policies.decide(ask(sender, recipient, 'ird-request')).determining;
    expect(determining(duty, police)).toEqual(['ird-ask', 'ird-start']);
    expect(determining(police, school)).toEqual(['ird-start']);
    expect(determining(school, duty)).toEqual(['ird-ask']);
    expect(determining(reporter, nurses)).toEqual(['ird-ask']);
    expect(determining(school, southSchool)).toEqual([]);
  });

  it('keeps planning within the area of the child, save registrations between councils', () => {
    expect(policies.decide(ask(duty, school, 'planning-meeting-invite')).effect).toBe('permit');
    expect(policies.decide(ask(duty, southSchool, 'planning-meeting-invite')).effect).toBe('deny');
    expect(policies.decide(ask(duty, southDuty, 'planning-meeting-invite')).effect).toBe('deny');
    expect(policies.decide(ask(duty, southDuty, 'plan-registration')).effect).toBe('permit');
    expect(policies.decide(ask(school, duty, 'plan-registration')).effect).toBe('deny');
  });

  it('gives the Committee nothing but oversight, whatever else is permitted', () => {
    for (const sender of everyone) {
      for (const [
        category,
        {
          group,
          severities: [severity],
        },
      ] of policies.categories) {
        const oversight = group === 'oversight';
        const purpose = oversight ? 'oversight' : 'child-protection';
        const { effect } = policies.decide(
          ask(sender, committee, category, { purpose, severity: severity! }),
        );
        expect(effect, category).toBe(oversight ? 'permit' : 'deny');
      }
    }
    const { determining, reasons } = policies.decide(ask(duty, committee, 'concern'));
    expect(determining).toEqual(['committee-receives-no-case']);
    expect(reasons).toEqual([
      'The Committee oversees; it receives nothing about a case, only oversight notices.',
    ]);
  });

  it('forbids what no lawful basis fits', () => {
    const forbids = (request: DecisionRequest): readonly string[] => policies.decide(request).determining;
    const wellbeing = { purpose: 'wellbeing', severity: 'concern' } as const;
    expect(forbids(ask(duty, police, 'concern', { basis: 'law-enforcement' }))).toEqual([
      'law-enforcement-is-for-police',
    ]);
    expect(forbids(ask(school, duty, 'concern', { basis: 'consent' }))).toEqual(['consent-is-for-wellbeing']);
    expect(forbids(ask(school, duty, 'concern', { basis: 'vital-interests', severity: 'info' }))).toEqual([
      'vital-interests-need-danger',
    ]);
    expect(forbids(ask(school, duty, 'concern', { ...wellbeing, basis: 'legal-obligation' }))).toEqual([
      'wellbeing-is-not-a-duty',
    ]);
    const oversight = { purpose: 'oversight', basis: 'consent', severity: 'info' } as const;
    expect(forbids(ask(duty, committee, 'oversight-report', oversight))).toContain(
      'oversight-is-a-public-task',
    );
    expect(policies.decide(ask(school, duty, 'concern', { ...wellbeing, basis: 'consent' })).effect).toBe(
      'permit',
    );
    const investigation = { purpose: 'criminal-investigation', basis: 'law-enforcement' };
    expect(policies.decide(ask(police, nurses, 'information-request', investigation)).effect).toBe('permit');
  });

  it.each(['correlator-alert', 'alert-reminder'])('lets no agency send a notice of %s', (category) => {
    for (const sender of everyone) {
      const { effect, determining } = policies.decide(ask(sender, duty, category));
      expect(effect).toBe('deny');
      expect(determining).toContain('alerts-come-from-the-gateway');
    }
  });

  it('lets the correlator send alerts and reminders, nothing else, and nothing to the Committee', () => {
    const correlator = party('gateway/correlator');
    for (const category of ['correlator-alert', 'alert-reminder']) {
      expect(policies.decide(ask(correlator, duty, category)).determining).toEqual(['alerts-to-agencies']);
      expect(policies.decide(ask(correlator, committee, category))).toMatchObject({
        effect: 'deny',
        determining: ['committee-receives-no-case'],
      });
    }
    expect(policies.decide(ask(correlator, duty, 'concern')).determining).toEqual([
      'correlator-sends-only-alerts',
    ]);
  });

  it('counts only roles that the agency’s entry allows', () => {
    const impostor = party('north-lanarkshire-education/desk', 'duty', 'public-protection', 'wizard');
    expect(policies.decide(ask(police, impostor, 'domestic-abuse-incident'))).toMatchObject({
      effect: 'deny',
      errors: [],
    });
  });
});

describe('a decision', () => {
  it('explains itself: digest, policies, reasons, inputs', () => {
    const request = ask(emergency, duty, 'ae-attendance', {
      dataschema: 'urn:causeway:dataset:ae-attendance:1.0',
    });
    expect(policies.decide(request)).toEqual({
      effect: 'permit',
      policyDigest: policies.digest,
      determining: ['health-sign-to-social-work'],
      reasons: [
        "Health tells social work of an attendance, an injury or a missed appointment that matters to a child's safety.",
      ],
      errors: [],
      inputs: request,
    });
  });

  it('says what was not permitted when no policy spoke', () => {
    expect(policies.decide(ask(school, southSchool, 'ird-request')).reasons).toEqual([
      'No policy of the sharing agreement permits North Lanarkshire Education to send ird-request to south-lanarkshire-education/named-persons (South Lanarkshire Education) for child-protection.',
    ]);
    expect(policies.decide(ask(party('nobody/here'), duty, 'concern')).reasons).toEqual([
      'The sharing agreement has no agency nobody.',
    ]);
  });

  it('is a denial that records the fault when a policy cannot be evaluated, even beside a permit', async () => {
    await using folder = await copyPolicies();
    await folder.write(
      'sharing/faulty.cedar',
      '@id("faulty") @reason("Faulty.") forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };',
    );
    const faulty = await loadPolicySet(folder.dir);
    const decision = faulty.decide(ask(school, duty, 'concern'));
    expect(decision).toMatchObject({ effect: 'deny', determining: [] });
    expect(decision.errors).toEqual([expect.stringMatching(/^faulty: integer overflow/)]);
    expect(policies.decide(ask(school, duty, 'concern')).effect).toBe('permit');
  });

  it('permits an endpoint to write to itself within its agency', () => {
    expect(policies.decide(ask(duty, duty, 'concern')).effect).toBe('permit');
  });

  it('follows a changed folder at once, while the old set keeps its own answers', async () => {
    await using folder = await copyPolicies();
    const before = await loadPolicySet(folder.dir);
    const request = ask(school, duty, 'concern');
    expect(before.decide(request).effect).toBe('permit');
    await folder.write(
      'sharing/closed.cedar',
      '@id("closed") @reason("Closed today.") forbid (principal, action, resource);',
    );
    const after = await loadPolicySet(folder.dir);
    expect(after.decide(request)).toMatchObject({
      effect: 'deny',
      determining: ['closed'],
      reasons: ['Closed today.'],
    });
    expect(before.decide(request).effect).toBe('permit');
    expect(after.digest).not.toBe(before.digest);
  });
});

const anyParty = fc.oneof(
  fc.constantFrom(...everyone),
  fc
    .record({ agency: fc.string(), name: fc.string(), roles: fc.array(fc.string(), { maxLength: 3 }) })
    .map(({ agency, name, roles }): Party => ({ endpoint: `${agency}/${name}`, agency, roles })),
);

/** Words of the agreement three times in four, anything at all otherwise. */
const anyRequest = (known: PolicySet): fc.Arbitrary<DecisionRequest> => {
  const word = (words: Iterable<string>): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...words) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    );
  return fc.record(
    {
      sender: anyParty,
      recipient: anyParty,
      category: word(known.categories.keys()),
      severity: fc.constantFrom(...severities),
      purpose: word(known.purposes.keys()),
      basis: word(known.bases.keys()),
      dataschema: word(known.datasets.keys()),
    },
    { requiredKeys: ['sender', 'recipient', 'category', 'severity', 'purpose', 'basis'] },
  );
};

describe('Cedar, which frees nothing by itself', () => {
  const agreementOf = (number: number): Agreement => {
    const rules = Array.from({ length: 300 }, (_, index): [string, SharingPolicy] => {
      const id = `rule-${number}-${index}`;
      const text = `@id("${id}") permit(principal == Endpoint::"${'a'.repeat(200)}/${id}", action, resource);`;
      return [id, { id, effect: 'permit', reason: 'a test', text, file: 'sharing/many.cedar', offset: 0 }];
    });
    return { ...shipped, policies: new Map([...shipped.policies, ...rules]) };
  };

  it('keeps the policies of one agreement, however many were loaded', () => {
    const question = ask(police, duty, 'police-concern');
    const decide = prepareEvaluator(agreementOf(0));
    const before = process.memoryUsage().external;
    for (let number = 1; number <= 40; number++) prepareEvaluator(agreementOf(number));
    expect(process.memoryUsage().external - before).toBeLessThan(8_000_000);
    expect(decide(question).effect).toBe('permit');
  });

  it('answers for each of two agreements that are asked in turn', () => {
    const question = ask(police, duty, 'police-concern');
    const full = prepareEvaluator(shipped);
    const empty = prepareEvaluator({ ...shipped, policies: new Map() });
    for (let turn = 0; turn < 3; turn++) {
      expect([full(question).effect, empty(question).effect]).toEqual(['permit', 'deny']);
    }
  });
});

describe('whatever is asked', () => {
  it('never throws, denies what it does not know, and agrees with Cedar unaided by the cache', () => {
    fc.assert(
      fc.property(anyRequest(policies), (request) => {
        const decision = policies.decide(request);
        expect(uncached.decide(request)).toEqual(decision);
        expect(policies.decide(structuredClone(request))).toBe(decision);
        expect(decision.reasons.length).toBeGreaterThan(0);
        const known =
          policies.categories.has(request.category) &&
          policies.purposes.has(request.purpose) &&
          policies.bases.has(request.basis) &&
          (request.dataschema === undefined || policies.datasets.has(request.dataschema)) &&
          [request.sender, request.recipient].every(({ agency }) => policies.agencies.has(agency));
        if (!known) expect(decision).toMatchObject({ effect: 'deny', determining: [] });
        if (decision.effect === 'permit') expect(decision.determining.length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  it('finds words amiss before the policies are asked', () => {
    fc.assert(
      fc.property(anyRequest(policies), (request) => {
        const refusal = policies.checkVocabulary(request);
        if (refusal === undefined)
          expect(policies.decide(ask(duty, duty, 'concern', request)).errors).toEqual([]);
        else expect(refusal.detail).toMatch(/\.$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the words of a request', () => {
  const check = (rest: Partial<DecisionRequest>): ReturnType<PolicySet['checkVocabulary']> =>
    policies.checkVocabulary({ ...ask(school, duty, 'concern'), ...rest });

  it('are in order when the agreement has them and the category allows them', () => {
    expect(check({})).toBeUndefined();
    expect(check({ dataschema: 'urn:causeway:dataset:concern-report:1.0' })).toBeUndefined();
  });

  it('are refused by what is wrong with them', () => {
    expect(check({ category: 'gossip' })).toMatchObject({ code: 'category-unknown' });
    expect(check({ dataschema: 'urn:causeway:dataset:concern-report:9' })).toMatchObject({
      code: 'dataset-unknown',
    });
    expect(check({ category: 'child-missing', severity: 'info' })).toEqual({
      code: 'policy-denied',
      detail: 'A notice of category child-missing has severity immediate or urgent.',
    });
    expect(check({ dataschema: 'urn:causeway:dataset:ird-request:1.0' })).toEqual({
      code: 'policy-denied',
      detail: 'A notice of category concern carries the data set concern-report or free text.',
    });
    for (const dataschema of [undefined, 'urn:causeway:dataset:concern-report:1.0']) {
      expect(check({ category: 'alert-no-concern', severity: 'info', dataschema })).toEqual({
        code: 'policy-denied',
        detail: 'A notice of category alert-no-concern carries the data set alert-disposition.',
      });
    }
    expect(check({ purpose: 'curiosity' })?.detail).toMatch(
      /^Its purposes are child-protection, wellbeing, /,
    );
    expect(check({ basis: 'curiosity' })?.detail).toMatch(/^Its lawful bases are public-task, /);
  });
});

describe('the cache of decisions', () => {
  it('asks once for each question and forgets what others took the place of since it was asked', () => {
    const asked: string[] = [];
    const decide = cacheDecisions((request) => {
      asked.push(request.category);
      return uncached.decide(request);
    }, 4);
    const ask4 = (...categories: string[]): string[] => {
      asked.length = 0;
      for (const category of categories) decide(ask(school, duty, category));
      return [...asked];
    };
    expect(ask4('concern', 'ird-request', 'concern', 'ird-record', 'ird-outcome')).toEqual([
      'concern',
      'ird-request',
      'ird-record',
      'ird-outcome',
    ]);
    expect(ask4('concern', 'ird-record')).toEqual([]);
    expect(ask4('plan-registration', 'ird-request', 'concern')).toEqual(['plan-registration', 'ird-request']);
  });

  it('tells apart everything that a decision depends on', () => {
    const base = ask(school, duty, 'concern');
    const variants: DecisionRequest[] = [
      base,
      { ...base, sender: southSchool },
      { ...base, recipient: southDuty },
      { ...base, sender: { ...school, roles: [] } },
      { ...base, recipient: { ...duty, roles: ['mash'] } },
      { ...base, category: 'unborn-concern' },
      { ...base, severity: 'info' },
      { ...base, purpose: 'wellbeing' },
      { ...base, basis: 'consent' },
      { ...base, dataschema: 'urn:causeway:dataset:concern-report:1.0' },
    ];
    let asked = 0;
    const decide = cacheDecisions((request) => {
      asked += 1;
      return uncached.decide(request);
    }, 100);
    for (const request of [...variants, ...variants]) decide(request);
    for (const request of variants) {
      // Right after the one from which it differs in one thing alone.
      expect(decide(base).inputs).toEqual(base);
      expect(decide(request).inputs).toEqual(request);
    }
    expect(asked).toBe(variants.length);
  });
});
