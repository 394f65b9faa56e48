import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { factOf, type AuditFact } from '../../../gateway/audit/audit-fact.ts';
import { exportFacts } from '../../../gateway/audit/export-facts.ts';
import { csvHeader, formatCsv } from '../../../gateway/audit/format-csv.ts';
import { ecsEventOf } from '../../../gateway/audit/format-ecs.ts';
import { auditEventOf } from '../../../gateway/audit/format-fhir.ts';
import { houseCase, type CaseId, type RecordEntry, type StoredLeaf } from '../../../gateway/store/port.ts';
import { encodeLeaf, type Leaf } from '../../../protocol/audit/leaf.ts';
import { correlatorAddress } from '../../../protocol/ids.ts';
import { leafHash } from '../../../protocol/proof/merkle.ts';
import { health, messageId, noon, police, school } from '../store/synthetic-messages.ts';

const origin = 'gateway.test/log';
const id = messageId(1);

function leafOf(index: number, open: Omit<Leaf, 'at'>, entry?: RecordEntry, of: CaseId = id): StoredLeaf {
  const at = noon + index;
  const body = entry === undefined ? {} : { case: of };
  return { index, at, leaf: encodeLeaf({ ...open, at }), entry: entry ?? open, erased: false, ...body };
}

const said = {
  ...{ message: id, source: police, to: [health, school], category: 'concern', severity: 'urgent' },
  ...{ purpose: 'child-protection', basis: 'public-task', policy: 'P', roles: ['public-protection'] },
};
const decisions = [health, school].map((recipient) => ({ recipient, effect: 'permit' }));

/** A leaf of every sort. */
const leaves = [
  leafOf(0, { kind: 'message.accepted', message: id }, { kind: 'message.accepted', ...said, decisions }),
  leafOf(1, { kind: 'delivery.delivered', of: 0, nth: 1 }),
  leafOf(2, { kind: 'delivery.stored', of: 0, nth: 1 }),
  leafOf(3, { kind: 'delivery.expired', of: 0, nth: 0 }),
  leafOf(
    4,
    { kind: 'message.refused', message: id, code: 'policy-denied' },
    { kind: 'message.refused', ...said, code: 'policy-denied', authentic: true },
  ),
  leafOf(
    5,
    { kind: 'audit.search' },
    { kind: 'audit.search', by: 'registrar', asked: { agency: ['x'] } },
    houseCase,
  ),
  leafOf(
    6,
    { kind: 'endpoint.revoked', endpoint: health },
    { kind: 'endpoint.revoked', endpoint: health, reason: 'key-compromised', became: { much: 'more' } },
    houseCase,
  ),
  leafOf(
    7,
    { kind: 'session.error', code: 'store-damaged' },
    { kind: 'session.error', code: 'store-damaged', endpoint: police },
    houseCase,
  ),
  leafOf(
    8,
    { kind: 'case.erased' },
    { kind: 'case.erased', case: id, by: 'registrar', authority: 'x' },
    houseCase,
  ),
  { ...leafOf(9, { kind: 'message.accepted', message: id }, undefined, id), case: id, erased: true },
  leafOf(10, { kind: 'policy.applied' }, { kind: 'policy.applied' }, houseCase),
  leafOf(11, { kind: 'something.new' }, { kind: 'something.new' }, houseCase),
  leafOf(
    12,
    { kind: 'alert.unsent', code: 'recipient-unknown' },
    { kind: 'alert.unsent', message: id, sources: [police], code: 'recipient-unknown', tries: 0 },
  ),
  leafOf(13, { kind: 'alert.overdue' }, { kind: 'alert.overdue', message: id, recipients: [health] }),
  leafOf(
    14,
    { kind: 'alert.disposed' },
    { kind: 'alert.disposed', message: messageId(2), alert: id, disposition: 'acted', source: health },
  ),
  leafOf(
    15,
    { kind: 'case.erased-bodies' },
    { kind: 'case.erased-bodies', case: id, leaves: [70_001, 70_002] },
    houseCase,
  ),
  ...[
    { kind: 'gateway.certificate-renewed', tlsThumbprint: 'T', expires: noon },
    { kind: 'gateway.started', run: id, patterns: ['a@1'], settings: 'S', tlsThumbprint: 'T' },
    { kind: 'gateway.stopped', run: id },
  ].map((entry, place) => leafOf(16 + place, { kind: entry.kind }, entry, houseCase)),
];
const facts = leaves.map((leaf) => {
  const { of } = JSON.parse(leaf.leaf) as Leaf;
  return factOf(leaf, of === undefined ? undefined : leaves[of]);
});

const coding = z.strictObject({ system: z.string(), code: z.string(), display: z.string().optional() });
const concept = z.strictObject({ coding: z.array(coding).min(1) });
const reference = z
  .strictObject({
    identifier: z.strictObject({ system: z.string(), value: z.string().min(1) }).optional(),
    display: z.string().optional(),
  })
  .refine((value) => Object.keys(value).length > 0);

/** FHIR R4 AuditEvent (hl7.org/fhir/R4/auditevent.html), as far as it is used; nothing else may stand in it. */
const auditEvent = z.strictObject({
  resourceType: z.literal('AuditEvent'),
  id: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/),
  type: coding,
  subtype: z.array(coding).min(1),
  action: z.enum(['C', 'R', 'U', 'D', 'E']),
  recorded: z.iso.datetime(),
  outcome: z.enum(['0', '4', '8', '12']),
  outcomeDesc: z.string().optional(),
  purposeOfEvent: z.array(concept).min(1).optional(),
  agent: z
    .array(
      z.strictObject({
        type: concept.optional(),
        role: z.array(concept).min(1).optional(),
        who: reference,
        requestor: z.boolean(),
        policy: z.array(z.string()).min(1).optional(),
      }),
    )
    .min(1)
    .refine((agents) => agents.filter(({ requestor }) => requestor).length === 1),
  source: z.strictObject({ site: z.string(), observer: reference, type: z.array(coding).min(1) }),
  entity: z
    .array(
      z
        .strictObject({
          what: reference.optional(),
          type: coding,
          role: coding,
          name: z.string().optional(),
          query: z.base64().optional(),
          detail: z
            .array(z.strictObject({ type: z.string(), valueString: z.string().min(1) }))
            .min(1)
            .optional(),
        })
        // Rule sev-1: a name or a query.
        .refine(({ name, query }) => name === undefined || query === undefined),
    )
    .min(1),
});

type AuditEvent = z.infer<typeof auditEvent>;

/** As it is read from a line. */
function read(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

function eventOf(index: number): AuditEvent {
  return auditEvent.parse(read(auditEventOf(facts[index]!, origin)));
}

describe('the export as FHIR', () => {
  it.each(leaves.map(({ index, entry }) => [entry.kind, index] as const))(
    'has every required field of an AuditEvent, and one requestor: %s, leaf %i',
    (_, index) => {
      const { success, error } = auditEvent.safeParse(read(auditEventOf(facts[index]!, origin)));
      expect(success, error?.message).toBe(true);
    },
  );

  it('names sender, recipients, purpose, policy and case of a notice', () => {
    const event = eventOf(0);
    expect(event).toMatchObject({ type: { code: '110106' }, action: 'C', outcome: '0' });
    expect(event.agent.map(({ who, requestor }) => [who.display, requestor])).toEqual([
      [police, true],
      [health, false],
      [school, false],
    ]);
    expect(event.agent[0]).toMatchObject({
      role: [{ coding: [{ code: 'public-protection' }] }],
      policy: ['urn:causeway:policy:P'],
    });
    expect(event.purposeOfEvent?.[0]?.coding[0]?.code).toBe('child-protection');
    expect(event.entity.slice(0, 2).map(({ what }) => what?.identifier?.value)).toEqual([
      `urn:uuid:${id}`,
      `urn:uuid:${id}`,
    ]);
    expect(event.entity[0]?.detail).toContainEqual({ type: 'severity', valueString: 'urgent' });
    const hash = leafHash(Buffer.from(leaves[0]?.leaf ?? '')).toString('hex');
    expect(event.entity.at(-1)?.detail).toContainEqual({ type: 'leafHash', valueString: hash });
  });

  it('tells how grave a failure is: refused 4, expired 8, a broken gateway 12', () => {
    expect([4, 3, 7, 0].map((index) => eventOf(index).outcome)).toEqual(['4', '8', '12', '0']);
    expect(eventOf(4).outcomeDesc).toMatch(/^policy-denied: ./);
  });

  it('tells of an alert that reached nobody, or was not answered in time, that this failed', () => {
    expect(eventOf(12)).toMatchObject({ outcome: '8', agent: [{ who: { display: 'Causeway gateway' } }] });
    expect(eventOf(12).outcomeDesc).toMatch(/^recipient-unknown: ./);
    expect(eventOf(13)).toMatchObject({ outcome: '8' });
    expect(eventOf(13).agent.find(({ requestor }) => requestor)?.who.display).toBe('Causeway gateway');
  });

  it('makes whoever answered an alert the requestor of that', () => {
    expect(eventOf(14)).toMatchObject({
      outcome: '0',
      agent: [{ who: { display: health }, requestor: true }],
    });
    expect(read(ecsEventOf(facts[14]!, origin))).toMatchObject({ source: { address: health } });
  });

  it('takes the gateway for no person where it permits its own correlator', () => {
    const actorOf = (endpoint: string) => {
      const permitted = { kind: 'enrolment.permitted', endpoint, by: 'gateway' };
      return factOf(leafOf(0, { kind: 'enrolment.permitted' }, permitted, houseCase), undefined).actor;
    };
    expect(actorOf(correlatorAddress)).toMatchObject({ type: 'gateway' });
    expect(actorOf(police)).toEqual({ type: 'person', name: 'gateway' });
  });

  it('makes the recipient the requestor of what it stored, and a person that of what it read', () => {
    expect(eventOf(2).agent.map(({ who, requestor }) => [who.display, requestor])).toEqual([
      [school, true],
      [police, false],
    ]);
    const reading = eventOf(5);
    expect(reading).toMatchObject({
      type: { code: '110101' },
      action: 'R',
      agent: [{ who: { display: 'registrar' } }],
    });
    const query = reading.entity.find((each) => each.query !== undefined)?.query ?? '';
    expect(JSON.parse(Buffer.from(query, 'base64').toString())).toEqual({ asked: { agency: ['x'] } });
  });

  it('says nothing of an erased leaf but that it was erased', () => {
    const event = eventOf(9);
    expect(event.agent).toEqual([{ who: { display: 'erased' }, requestor: true }]);
    expect(event.entity.at(-1)?.detail).toContainEqual({ type: 'erased', valueString: 'true' });
  });
});

/** Allowed and expected together (Elastic Common Schema, categorization fields). */
const expectedTypes: Readonly<Record<string, readonly string[]>> = {
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  database: ['access', 'change', 'info', 'error'],
  iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
  network: ['access', 'allowed', 'connection', 'denied', 'end', 'info', 'protocol', 'start'],
  process: ['access', 'change', 'end', 'info', 'start'],
  session: ['start', 'end', 'info'],
};

describe('the export as ECS', () => {
  it.each(leaves.map(({ index, entry }) => [entry.kind, index] as const))(
    'has the required fields with values that the schema allows: %s, leaf %i',
    (kind, index) => {
      const event = read(ecsEventOf(facts[index]!, origin)) as Record<string, unknown>;
      expect(event['@timestamp']).toBe(new Date(noon + index).toISOString());
      expect(event.ecs).toEqual({ version: expect.stringMatching(/^8\.\d+\.\d+$/) as string });
      const { category, type, ...rest } = event.event as {
        readonly category?: string[];
        readonly type: string[];
        readonly [name: string]: unknown;
      };
      expect(rest).toMatchObject({ kind: 'event', id: `${origin}#${index}`, sequence: index });
      expect(rest.outcome).toMatch(/^(?:success|failure)$/);
      expect(rest.action).toBe(kind);
      for (const each of category ?? []) expect(expectedTypes[each]).toEqual(expect.arrayContaining(type));
    },
  );

  it('says from whom to whom, and which person', () => {
    const stored = read(ecsEventOf(facts[2]!, origin));
    expect(stored).toMatchObject({
      ...{ source: { address: police }, destination: { address: school } },
      ...{ related: { hosts: [police, school] }, causeway: { case: id, continues: 0, category: 'concern' } },
    });
    expect(read(ecsEventOf(facts[0]!, origin))).not.toHaveProperty('destination');
    const reading = read(ecsEventOf(facts[5]!, origin));
    expect(reading).toMatchObject({ user: { name: 'registrar' }, event: { category: ['database'] } });
    const refused = read(ecsEventOf(facts[4]!, origin));
    expect(refused).toMatchObject({
      event: { outcome: 'failure', code: 'policy-denied', type: ['connection', 'denied'] },
    });
  });
});

describe('the export as CSV', () => {
  const cells = (fact: AuditFact): Record<string, string> => {
    const names = csvHeader.trimEnd().split(',');
    const values = parseCsv(formatCsv(fact));
    expect(values).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, nth) => [name, values[nth] ?? '']));
  };

  it('has a cell for every column of every leaf', () => {
    for (const fact of facts)
      expect(cells(fact)).toMatchObject({ leaf: String(fact.index), kind: fact.kind });
    expect(cells(facts[0]!)).toMatchObject({
      ...{ source: police, recipients: `${health} ${school}`, case: id, purpose: 'child-protection' },
      ...{ actor: police, outcome: 'success', code: '', erased: 'false' },
    });
    expect(cells(facts[6]!).details).toBe(JSON.stringify({ endpoint: health, reason: 'key-compromised' }));
  });

  it.each(['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '  =1', '\uff1d1', '\n@x'])(
    'keeps a spreadsheet from computing %j',
    (name) => {
      const cell = cells({ ...facts[5]!, actor: { type: 'person', name } }).actor;
      expect(cell).toBe(`'${name}`);
    },
  );

  it('quotes what would break a line, and leaves harmless words as they are', () => {
    const actor = (name: string) => cells({ ...facts[5]!, actor: { type: 'person', name } }).actor;
    for (const name of ['a "b", c', 'two\r\nlines', "O'Neil", 'a-b=c']) expect(actor(name)).toBe(name);
  });
});

it('every form says how many bodies an erasure took, and none which', () => {
  const fact = facts[15]!;
  expect(fact.details).toEqual({ case: id, count: 2 });
  const forms = [formatCsv(fact), JSON.stringify([ecsEventOf(fact, origin), auditEventOf(fact, origin)])];
  expect(forms.join('\n')).not.toContain('7000');
});

it('every form tells a start from an end, and a certificate that was renewed from both', () => {
  const types = [16, 17, 18].map((index) => read(ecsEventOf(facts[index]!, origin)));
  expect(types).toMatchObject([
    { event: { category: ['configuration'], type: ['change'] } },
    { event: { category: ['process'], type: ['start'] } },
    { event: { category: ['process'], type: ['end'] } },
  ]);
  expect([16, 17, 18].map((index) => [eventOf(index).type.code, eventOf(index).action])).toEqual([
    ['110113', 'U'],
    ['110100', 'E'],
    ['110100', 'E'],
  ]);
});

/** One record of RFC 4180. */
function parseCsv(line: string): string[] {
  expect(line.endsWith('\r\n')).toBe(true);
  const fields = line.slice(0, -2).matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g);
  return Array.from(fields, ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}

describe('what is exported', () => {
  it('is exactly the leaves that were found, each with the leaf that it continues, dense or far apart', async () => {
    const many = Array.from({ length: 1_500 }, (_, index) =>
      index % 3 === 0
        ? leafOf(
            index,
            { kind: 'message.accepted', message: id },
            { kind: 'message.accepted', ...said, decisions },
          )
        : leafOf(index, { kind: 'delivery.stored', of: index - (index % 3), nth: (index % 3) - 1 }),
    );
    const store = {
      readLeaves: (from: number, limit: number) =>
        Promise.resolve(many.slice(from, from + Math.min(limit, 100))),
    };
    for (const step of [1, 7, 400]) {
      const indices = many.map(({ index }) => index).filter((index) => index % step === 0);
      const found: AuditFact[] = [];
      for await (const fact of exportFacts(store, indices)) found.push(fact);
      expect(found.map(({ index }) => index)).toEqual(indices);
      for (const { index, kind, recipients, source } of found) {
        expect(source).toBe(police);
        if (kind === 'delivery.stored') expect(recipients).toEqual([index % 3 === 1 ? health : school]);
      }
    }
  });
});
