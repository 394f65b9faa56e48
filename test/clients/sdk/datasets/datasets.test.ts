import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatasetRegistry } from '../../../../clients/sdk/datasets/datasets.ts';

const datasetsDir = join(import.meta.dirname, '../../../../policies/datasets');
const schemas = readdirSync(datasetsDir).map(
  (name) => JSON.parse(readFileSync(join(datasetsDir, name, '1.0.json'), 'utf8')) as unknown,
);
const registry = DatasetRegistry.of(schemas);
const urns = registry.list().map(({ urn }) => urn);
const concern = 'urn:causeway:dataset:concern-report:1.0';

type Json = Record<string, unknown>;

/** A valid concern report, changed by the test. */
function concernWith(
  change: (document: Json & { reporter: Json; account: Json; children: [Json] }) => void,
): unknown {
  const document = registry.template(concern) as Parameters<typeof change>[0];
  change(document);
  return document;
}

function problems(change: Parameters<typeof concernWith>[0]): string[] {
  return registry.validate(concern, concernWith(change)).map(({ at, message }) => `${at}: ${message}`);
}

describe('a problem with a document points at the field in plain words', () => {
  it('for a wrong date, number, choice and address', () => {
    const found = problems((document) => {
      document.children[0].dateOfBirth = '30/04/2019';
      document.children[0].chi = '12';
      document.account.when = 'yesterday';
      document.onRegister = 'perhaps';
      document.reporter.contact = { phone: '01632 960101', email: 'nobody' };
    });
    expect(found.sort()).toEqual([
      '/account/when: must be a date and time with its zone, such as 2026-11-23T09:30:00Z',
      '/children/0/chi: is not a valid CHI number (Community Health Index number: ten digits without spaces)',
      '/children/0/dateOfBirth: must be a date such as 2019-04-30',
      '/onRegister: must be one of yes, no, not-known',
      '/reporter/contact/email: must be an email address such as duty@agency.example',
    ]);
  });

  it('for a missing field, by the title that people know', () => {
    expect(problems(({ reporter }) => delete reporter.role)).toEqual([
      '/reporter: `role` is missing (Role: Their post or job title)',
    ]);
    expect(problems((document) => delete (document as Json).children)).toEqual([
      ': `children` is missing (Children: Every child whom this is about; siblings who may be affected too)',
    ]);
  });

  it('for what one answer makes necessary', () => {
    expect(problems(({ children: [child] }) => (child.informed = { informed: false }))).toEqual([
      '/children/0/informed: `reasonNot` is missing (Reason for not informing: Why telling them would put a child at risk or hinder an investigation)',
    ]);
    expect(problems(({ children: [child] }) => (child.unborn = true))).toEqual([
      '/children/0: `expectedDateOfBirth` is missing (Expected date of birth: For an unborn child, the day the birth is expected)',
    ]);
  });

  it('for a misspelt field, with the name that was probably meant', () => {
    expect(problems(({ reporter }) => (reporter.organization = 'x'))).toEqual([
      '/reporter: `organization` is not a field here; did you mean `organisation`?',
    ]);
  });

  it('for an unknown field, by its name only where that is asked for', () => {
    const document = registry.template(concern) as { reporter: Json; children: Json[] };
    document.reporter.organization = 'x';
    document.children[0]!['Xyzzy/plugh'] = 'x';
    const found = registry.validate(concern, document, { namesUnknown: true });
    expect(found.map(({ at }) => at).sort()).toEqual(['/children/0/Xyzzy~1plugh', '/reporter/organization']);
    expect(found.find(({ at }) => at.startsWith('/reporter'))?.message).toBe(
      'is not a field here; did you mean `organisation`?',
    );
    expect(found.find(({ at }) => at.startsWith('/children'))?.message).toMatch(
      /^is not a field here; the fields here are /,
    );
    expect(JSON.stringify(registry.validate(concern, document))).not.toContain('Xyzzy');
    expect(() => registry.assertValid(concern, document)).toThrow(
      expect.objectContaining({ detail: expect.not.stringContaining('Xyzzy') as unknown }),
    );
  });

  it('of a document too large to correct by hand, the first alone: all of them would take hours', () => {
    const document = concernWith(
      (each) => ((each as Json).children = Array.from({ length: 300_000 }, () => ({}))),
    );
    expect(registry.validate(concern, document)).toHaveLength(1);
  });

  it('for too little, too much and repetition', () => {
    const found = problems((document) => {
      document.nature = ['neglect', 'neglect'];
      (document as Json).children = [];
      document.reporter.name = '';
      document.history = 'x'.repeat(4001);
      document.safeNow = true;
    });
    expect(found.sort()).toEqual([
      '/children: must have at least one entry',
      '/history: must have at most 4000 characters',
      '/nature: must not repeat an entry: numbers 1 and 2 are the same',
      '/reporter/name: must not be empty',
      '/safeNow: must be a group of fields',
    ]);
  });

  it('for half a character, which would arrive as another one', () => {
    const found = problems((document) => {
      document.reporter.name = 'M\ud800ller';
      document.reporter.contact = { phone: '01632 960101', '\udc00': '1' };
    });
    expect(found).toContain('/reporter/name: must be whole Unicode characters');
    expect(found).toContain('/reporter/contact: has a name that is not whole Unicode characters');
  });

  it('and never repeats a value or an unknown name', () => {
    const secret = 'Xyzzyplugh';
    const value = fc.oneof(
      fc.constant(secret),
      fc.constant([secret]),
      fc.constant({ [secret]: secret }),
      fc.integer(),
    );
    const fields = registry
      .describe(concern)
      .fields.map(({ pointer }) => pointer.replaceAll('*', '0').split('/').slice(1));
    fc.assert(
      fc.property(fc.constantFrom(...fields), value, (path, junk) => {
        const document = registry.template(concern);
        const last = path.at(-1)!;
        let place: unknown = document;
        for (const part of path.slice(0, -1)) place = (place as Json | undefined)?.[part];
        if (typeof place !== 'object' || place === null) return;
        (place as Json)[last] = junk;
        expect(JSON.stringify(registry.validate(concern, document))).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever the document is, without throwing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...urns), fc.jsonValue(), (urn, value) => {
        for (const { at, message } of registry.validate(urn, value)) {
          expect(at === '' || at.startsWith('/')).toBe(true);
          expect(message).not.toBe('');
        }
      }),
    );
  });
});

describe('the registry', () => {
  it('refuses a document with all its problems in one error', () => {
    expect(() =>
      registry.assertValid(
        concern,
        concernWith(({ reporter }) => delete reporter.role),
      ),
    ).toThrow(
      expect.objectContaining({
        code: 'dataset-invalid',
        detail: '/reporter: `role` is missing (Role: Their post or job title).',
        problems: [expect.objectContaining({ at: '/reporter' })],
      }),
    );
    expect(() => registry.assertValid(concern, registry.template(concern))).not.toThrow();
  });

  it('offers a template that validates for every data set, a fresh one each time', () => {
    for (const urn of urns) {
      expect(registry.validate(urn, registry.template(urn))).toEqual([]);
      expect(registry.template(urn)).not.toBe(registry.template(urn));
    }
  });

  it('describes every field of every data set for people', () => {
    for (const urn of urns) {
      const { title, description, fields } = registry.describe(urn);
      expect(title).not.toBe('');
      expect(description).not.toBe('');
      for (const field of fields) {
        expect(field.title, field.pointer).not.toBe('');
        expect(field.description, field.pointer).not.toBe('');
        expect(field.type, field.pointer).not.toBe('any');
      }
    }
    const { fields } = registry.describe(concern);
    expect(fields).toContainEqual({
      pointer: '/children/*/dateOfBirth',
      title: 'Date of birth',
      type: 'date (2019-04-30)',
      required: false,
      description: 'The day of birth.',
    });
  });

  it('knows what it has', () => {
    expect(registry.list()).toHaveLength(11);
    expect(registry.list()[3]).toMatchObject({
      urn: concern,
      name: 'concern-report',
      version: '1.0',
      title: 'Concern report',
    });
    expect(registry.has(concern)).toBe(true);
    for (const use of [
      (urn: string) => registry.validate(urn, {}),
      (urn: string) => registry.describe(urn),
      (urn: string) => registry.template(urn),
      (urn: string) => registry.schema(urn),
    ]) {
      expect(() => use('urn:causeway:dataset:none:1')).toThrow(
        expect.objectContaining({ code: 'dataset-unknown' }),
      );
    }
  });

  it('refuses schemas that do not say what they are, or cannot be used', () => {
    expect(() => DatasetRegistry.of([{ type: 'object' }])).toThrow(
      expect.objectContaining({ code: 'dataset-unknown' }),
    );
    expect(() => DatasetRegistry.of(['x'])).toThrow(expect.objectContaining({ code: 'dataset-unknown' }));
    const urn = 'urn:causeway:dataset:broken:1';
    const broken = DatasetRegistry.of([{ $id: urn, type: 'bolean' }]);
    expect(() => broken.validate(urn, {})).toThrow(expect.objectContaining({ code: 'dataset-unknown' }));
  });

  it('takes no longer for a text because of what a schema asks of it', () => {
    const urn = 'urn:causeway:dataset:slow:1';
    const slow = DatasetRegistry.of([{ $id: urn, type: 'string', title: 'Word', pattern: '^(a+)+$' }]);
    expect(slow.validate(urn, `${'a'.repeat(100)}!`)).toEqual([{ at: '', message: 'is not a valid Word' }]);
    expect(slow.validate(urn, 'a'.repeat(100))).toEqual([]);
  });

  it('finds an entry twice in a list of any length, whatever the order of its names', () => {
    const urn = 'urn:causeway:dataset:list:1';
    const list = DatasetRegistry.of([{ $id: urn, type: 'array', title: 'List', uniqueItems: true }]);
    const entries = Array.from({ length: 100_000 }, (_, n) => ({ n, a: [n, { b: 1 }] }));
    expect(list.validate(urn, entries)).toEqual([]);
    const twice = [...entries, { a: [7, { b: 1 }], n: 7 }];
    expect(list.validate(urn, twice)).toEqual([
      { at: '', message: 'must not repeat an entry: numbers 8 and 100001 are the same' },
    ]);
    expect(list.validate(urn, [1, '1', null, 'null', [1], { 0: 1 }, true, 'true'])).toEqual([]);
  });

  it('says of a document that is nested without end that it is, also where its data set may be', () => {
    const urn = 'urn:causeway:dataset:tree:1';
    const tree = DatasetRegistry.of([
      { $id: urn, type: 'object', additionalProperties: false, properties: { n: { $ref: '#' } } },
    ]);
    const nested = JSON.parse('{"n":'.repeat(20_000) + '{}' + '}'.repeat(20_000)) as unknown;
    expect(tree.validate(urn, { n: { n: {} } })).toEqual([]);
    expect(tree.validate(urn, nested)).toEqual([
      { at: '', message: 'has groups within groups more than 1000 deep' },
    ]);
  });

  it('refuses a schema that is nested more deeply than anybody fills in, and one that leads to itself', () => {
    const urn = 'urn:causeway:dataset:deep:1';
    const nested = JSON.parse('{"items":'.repeat(20_000) + '{}' + '}'.repeat(20_000)) as object;
    const unknown = expect.objectContaining({ code: 'dataset-unknown' }) as unknown as Error;
    expect(() => DatasetRegistry.of([{ $id: urn, ...nested }])).toThrow(unknown);
    const loop = DatasetRegistry.of([{ $id: urn, $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }]);
    expect(() => loop.validate(urn, 1)).toThrow(unknown);
  });

  it('comes to an end with definitions that contain themselves', () => {
    const urn = 'urn:causeway:dataset:endless:1';
    const item = { $ref: '#/$defs/item' };
    const endless = DatasetRegistry.of([
      {
        $id: urn,
        type: 'object',
        properties: { item, loop: { $ref: '#/$defs/loop' } },
        $defs: {
          item: {
            type: 'object',
            properties: Object.fromEntries(Array.from('abcdefgh').map((name) => [name, item])),
          },
          loop: { $ref: '#/$defs/loop' },
        },
      },
    ]);
    expect(endless.describe(urn).fields).toHaveLength(2000);
  });

  it('makes a template from the fields where a schema has no example', () => {
    const urn = 'urn:causeway:dataset:small:1';
    const small = DatasetRegistry.of([
      {
        $id: urn,
        type: 'object',
        required: ['day', 'kind', 'people', 'count', 'sure', 'note'],
        properties: {
          day: { $ref: '#/$defs/day', title: 'Day' },
          kind: { enum: ['a', 'b'] },
          people: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['mail'],
              properties: { mail: { type: 'string', format: 'email' } },
            },
          },
          count: { type: 'integer', minimum: 2 },
          sure: { type: 'boolean', default: true },
          note: { type: 'string', title: 'Note', minLength: 1 },
          more: { type: 'string' },
        },
        $defs: { day: { type: 'string', format: 'date' } },
      },
    ]);
    expect(small.template(urn)).toEqual({
      day: '2019-04-30',
      kind: 'a',
      people: [{ mail: 'duty@agency.example' }],
      count: 2,
      sure: true,
      note: 'Note',
    });
  });
});
