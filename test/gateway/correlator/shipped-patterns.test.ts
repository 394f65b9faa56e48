import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPatterns } from '../../../gateway/correlator/check-patterns.ts';
import { levelOf, missingForNextLevel } from '../../../gateway/correlator/alert.ts';
import type { Fixture } from '../../../gateway/correlator/patterns/document-schema.ts';
import { parsePatterns } from '../../../gateway/correlator/patterns/load.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import { wordsOf } from '../../../gateway/correlator/patterns/words.ts';
import { runFixture } from '../../../gateway/correlator/run-fixture.ts';
import { explainSilence } from '../../../gateway/correlator/why-not.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import type { Problem } from '../../../protocol/errors.ts';
import { eventOn, patternsOf, problemsOf } from './pattern-text.ts';

const policiesDir = join(import.meta.dirname, '../../../policies');

describe('the patterns of the project', () => {
  it('are sound, explain themselves, and come out as their fixtures say', async () => {
    const policy = await loadPolicySet(policiesDir);
    const { set, fixtures } = await checkPatterns(join(policiesDir, 'patterns'), policy, 'committee');
    expect(set.patterns.length).toBeGreaterThanOrEqual(12);
    expect(fixtures).toBeGreaterThanOrEqual(2 * set.patterns.length);
  });
});

const base = 'title: T\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 3d\n';

describe('a pattern that is not understood', () => {
  it.each([
    [`${base}  condition: { gte: 2 }\n  window: 3\n`, /one\.yaml:7: `window` is not a key/],
    [
      base.replace('3d', '3y') + '  condition: { gte: 2 }\n',
      /one\.yaml:5: .*must be a number with s, m, h, d or w/,
    ],
    [base.replace('[a]', '[nobody]') + '  condition: { gte: 2 }\n', /one\.yaml:4: there is no rule `nobody`/],
    [
      base.replace('event_count', 'value_sum') + '  condition: { gte: 2 }\n',
      /one\.yaml:3: .*must be one of event_count/,
    ],
    [`${base}  condition: { lt: 1 }\n`, /one\.yaml:6: can never hold/],
    [`${base}  condition: { field: agency, gte: 2 }\n`, /one\.yaml:6: `event_count` counts no values/],
    [
      `title: T\nname: x\ndetection:\n  selection: { category: a }\n  condition: ${'('.repeat(30_000)}\n`,
      /one\.yaml:5: the condition has 30000 words; more than 1000 are not read/,
    ],
    [
      `title: T\nname: x\ndetection:\n  selection: { category: a }\n  condition: ${'not '.repeat(30_000)}selection\n`,
      /one\.yaml:5: the condition has 30001 words/,
    ],
    ['title: T\nname: x\ndetection:\n  selection: { id: m1 }\n', /one\.yaml:4: `id` tells one notice/],
    [
      "title: T\nname: x\ndetection:\n  selection: { 'source|re': 'a(?=b)' }\n",
      /one\.yaml:4: .*is not a regular expression as RE2 understands it/,
    ],
    [
      'title: T\nname: x\ndetection:\n  selection: { height: 3 }\n',
      /one\.yaml:4: `height` is not a field of an event/,
    ],
    [
      `${base}  condition: { gte: 2 }\nlevel: suspect\nescalation: { level: consider, events: 3 }\n`,
      /one\.yaml:8: `escalation\.level` must be higher than the level of the pattern, suspect/,
    ],
    [
      `${base}  condition: { gte: 2 }\nescalation: { level: suspect }\n`,
      /one\.yaml:7: `escalation` names nothing that raises the level/,
    ],
    [
      `${base}  condition: { gte: 2 }\neffective: { from: 2026-11-31 }\n`,
      /one\.yaml:7: .*must be a date such as 2026-11-24/,
    ],
    [
      `${base}  condition: { gte: 2 }\neffective: { from: 2026-11-30, until: 2026/11/01 }\n`,
      /one\.yaml:7: `effective` must not end before it begins/,
    ],
    [
      `${base}  condition: { gte: 2 }\nlevel: grave\n`,
      /:7: `level` must be one of consider, suspect; .*critical/,
    ],
    [`${base}  condition: { gte: 2 }\nversion: 1.5\n`, /:7: `version` must be a whole number$/],
    [
      'title: T\nname: x\ndetection:\n  selection: { category|re: "(" }\n',
      /:4: `category\|re` is not a regular expression/,
    ],
  ])('is refused with file and line: %#', (text, words) => {
    expect(problemsOf(text).join('\n')).toMatch(words);
  });

  it('in committee form is told the same of a level that only Sigma has', () => {
    const text = `${base}  condition: { gte: 2 }\nlevel: high\n`;
    expect(problemsOf(text)).toEqual([]);
    expect(problemsOf(text, 'committee')).toContainEqual(
      expect.stringMatching(/:7: `level` must be one of consider, suspect; .*critical/),
    );
  });

  it('is told of a misspelt rule, and of nothing that follows from it', () => {
    const text = base.replace('event_count', 'temporal').replace('[a]', '[a, nobody]');
    expect(problemsOf(`${text}  condition: { gte: 2 }\n`)).toEqual([
      expect.stringMatching(/there is no rule `nobody`/),
    ]);
  });

  it('is not one whose example alerts at its very beginning', () => {
    const event = '{ at: 0d, source: police/hub, category: a }';
    const example = `title: E, events: [${event}, ${event}], alerts: [{ events: [1, 2], at: 0d }]`;
    expect(problemsOf(`${base}  condition: { gte: 2 }\nfixtures:\n  - { ${example} }\n`)).toEqual([]);
  });

  it('name the file whose aliases grow beyond measure', () => {
    const names = ['a', 'b', 'c', 'd'];
    const nine = (item: string): string => `[${Array.from({ length: 9 }, () => item).join(', ')}]`;
    const lines = names.map(
      (name, nth) => `${name}: &${name} ${nine(nth === 0 ? 'x' : `*${names[nth - 1]}`)}`,
    );
    expect(problemsOf(lines.join('\n'))).toEqual(['one.yaml:1: its aliases (*name) stand for too much']);
  });

  it.each([
    `${base}  condition: { gte: 2 }\n`,
    `${base.replace('event_count', 'value_count')}  condition: { field: [agency, category], gte: 2 }\n`,
  ])('in committee form must say why one agency is enough: %#', (text) => {
    expect(problemsOf(text, 'committee').join('\n')).toMatch(/one agency alone could raise/);
  });

  it.each([
    `${base}  condition: { gte: 2 }\n  agencies: 2\n`,
    `${base.replace('event_count', 'value_count')}  condition: { field: agency, gte: 2 }\n`,
  ])('in committee form need not, where two are needed: %#', (text) => {
    expect(problemsOf(text, 'committee').join('\n')).not.toMatch(/one agency alone could raise/);
  });
});

describe('in committee form a subtle mistake', () => {
  const mistakes = (text: string): string => problemsOf(text, 'committee').join('\n');
  const values = base.replace('event_count', 'value_count');

  it.each([
    ['of two agencies', `${base}  condition: { gte: 2 }\n  agencies: 2\n`, 'agencies: 2', 8],
    ['of values of agency', `${values}  condition: { field: agency, gte: 3 }\n`, 'agencies: 3', 7],
    ['of notices', `${base}  condition: { gte: 2 }\nsingle-agency: S\n`, 'events: 2', 8],
  ])('%s: a level that is reached at once is none', (_, text, reached, line) => {
    const told = new RegExp(`:${line}: .escalation.* is reached by all that satisfies the pattern`);
    expect(mistakes(`${text}escalation: { level: suspect, ${reached} }\n`)).toMatch(told);
    const more = reached.replace(/\d/, (found) => String(Number(found) + 1));
    expect(mistakes(`${text}escalation: { level: suspect, ${more} }\n`)).not.toMatch(/is reached by all/);
  });

  it('is a rule without a weight among others that have one', () => {
    const text = `${base.replace('[a]', '[a, b]')}  condition: { gte: 2 }\n  weights: { half-life: 9d, rules: { a: 2 } }\n`;
    expect(mistakes(text)).toMatch(/:7: `b` has no weight/);
    expect(problemsOf(text)).toEqual([]);
  });

  it('is a lateness that would have notices held for longer than ten years', () => {
    const text = `${base}  condition: { gte: 2 }\nlateness: `;
    expect(mistakes(`${text}4000d\n`)).toMatch(/:5: looks 4003 days back/);
    expect(mistakes(`${text}400d\n`)).not.toMatch(/days back/);
  });
});

describe('a fixture', () => {
  const text = (effective: string) =>
    `${base}  condition: { gte: 2 }\neffective: { ${effective} }\nfixtures:\n  - title: two\n`;
  const events = `    events:
      - { at: 0d, source: strathclyde-police/hub, category: concern }
      - { at: 2d, source: strathclyde-police/hub, category: concern }\n    alerts: []\n`;

  it.each([['from: 2026-01-01, until: 2026-01-03'], ['until: 2025-12-31']])(
    'shows what the pattern looks for, also beyond the days on which it is in force: %s',
    async (effective) => {
      const policy = await loadPolicySet(policiesDir);
      const problems: Problem[] = [];
      const file = { name: 'one.yaml', text: text(effective).replace('[a]', '[concern]') + events };
      const set = parsePatterns([file], { form: 'sigma', words: wordsOf(policy) }, problems);
      expect(problems).toEqual([]);
      const [[pattern, [fixture]]] = [...set!.fixtures] as [[Pattern, readonly Fixture[]]];
      expect(runFixture(pattern, fixture!, policy)).toEqual([
        'an alert was raised that is not expected, of events 1, 2',
      ]);
    },
  );
});

describe('names of rules', () => {
  it('are found in other documents and other files, by name, id and file name', () => {
    const rule = (name: string) =>
      `title: R\n${name}\ndetection:\n  selection: { category: a }\n  condition: selection\n`;
    const [pattern] = patternsOf({
      'one.yaml': `${base.replace('[a]', '[here, 5638f7c0-ac70-491d-8465-2a65075e0d86, there]')}  condition: { gte: 1 }\n---\n${rule('name: here')}`,
      'two.yml': rule('id: 5638f7c0-ac70-491d-8465-2a65075e0d86'),
      'there.yaml': rule('name: elsewhere'),
    });
    expect(pattern?.correlation.rules).toHaveLength(3);
  });
});

describe('why a pattern was silent', () => {
  it('is told by the nearest window and its gap', () => {
    const [pattern] = patternsOf({ 'one.yaml': `${base}  condition: { gte: 3 }\n  agencies: 2\n` });
    const { nearest, reasons, isSatisfied } = explainSilence(pattern!, [
      eventOn(0, 'a'),
      eventOn(1, 'a'),
      eventOn(9, 'a'),
    ]);
    expect({ isSatisfied, gap: nearest?.gap, agenciesMissing: nearest?.agenciesMissing }).toEqual({
      isSatisfied: false,
      gap: 1,
      agenciesMissing: 1,
    });
    expect(reasons).toEqual([
      'within 3d it found 2 notices, 1 from its condition',
      'within 3d it lacks 1 more of the agencies it needs',
    ]);
  });

  it.each([
    ['temporal', 'within 3d it found 1 of its rules, 2 from its condition; nothing there matches b, c'],
    [
      'temporal_ordered',
      'within 3d it found 1 of its rules in their order, 2 from its condition; nothing in that order matches b, c',
    ],
  ])('names the rules that are missing, of type %s', (type, reason) => {
    const text = base.replace('event_count', type).replace('[a]', '[a, b, c]');
    const [pattern] = patternsOf({ 'one.yaml': text });
    const { nearest, reasons } = explainSilence(pattern!, [eventOn(0, 'a'), eventOn(9, 'a')]);
    expect(nearest?.rulesMissing).toEqual(['b', 'c']);
    expect(reasons).toEqual([reason]);
  });

  it('shows weight that age has taken a little from as not enough', () => {
    const text = `${base}  weights: { half-life: 3650d, rules: { a: 1 } }\n  condition: { gte: 2 }\n`;
    const [pattern] = patternsOf({ 'one.yaml': text });
    const { reasons } = explainSilence(pattern!, [eventOn(0, 'a'), eventOn(1, 'a')]);
    expect(reasons).toEqual(['within 3d it found 1.99 in weight, 0.01 from its condition']);
  });

  it('names what answered it, and nothing where the answer came before what it counts from', () => {
    const text = `${base.replace('event_count', 'temporal_ordered').replace('[a]', '[a, b]').replace('3d', '99d')}absent: { rules: [c], within: 5d, from: a }\n`;
    const [pattern] = patternsOf({ 'one.yaml': text });
    const reasonsWhen = (days: readonly (readonly [number, string])[]): readonly string[] =>
      explainSilence(
        pattern!,
        days.map(([day, category]) => eventOn(day, category)),
      ).reasons;
    expect(reasonsWhen([[0, 'a'], [10, 'c'], [30, 'b']])).toEqual([
      'its evidence is complete: what it waits for came, c c-police/hub-10',
    ]); // prettier-ignore
    expect(reasonsWhen([[0, 'a'], [10, 'c'], [20, 'a'], [30, 'b']])).toEqual([
      'its evidence is complete: what it waits for may still come, or an alert has been raised',
    ]); // prettier-ignore
  });
});

describe('an absence', () => {
  it('counts from a rule of the evidence, and from no other', () => {
    const text = (from: string) =>
      `${base}  condition: { gte: 1 }\nabsent: { rules: [c], within: 5d, from: ${from} }\n`;
    expect(problemsOf(text('a'))).toEqual([]);
    expect(problemsOf(text('b')).join()).toMatch(/must be `first`, `last` or a rule for single events/);
  });
});

describe('an escalation by its number of notices', () => {
  const form = (more: string): string =>
    `${base.replace('event_count', 'temporal').replace('[a]', '[a, b]')}${more}escalation: { level: suspect, events: 4 }\n`;
  const told = ['a', 'b', 'b', 'b'].map((category, nth) =>
    eventOn(nth / 10, category, nth === 0 ? 'police' : 'health'),
  );

  it.each([
    ['takes no more than half of them from one agency', '', 'consider'],
    ['takes as many as the pattern says', '  source-cap: 3\n', 'suspect'],
    ['takes all of them where the pattern says why one agency is enough', 'single-agency: S\n', 'suspect'],
  ])('%s', (_, more, level) => {
    const [pattern] = patternsOf({ 'one.yaml': form(more) });
    expect(levelOf(pattern!, told)).toBe(level);
  });

  it('says what more of the same is not enough for', () => {
    const [pattern] = patternsOf({ 'one.yaml': form('') });
    expect(missingForNextLevel(pattern!, told)).toEqual([
      '1 more notice, none counting beyond 2 of one agency',
    ]);
  });

  it('is what a cap needs, unless notices are counted', () => {
    const text = `${base.replace('event_count', 'temporal')}  source-cap: 2\n`;
    expect(problemsOf(text).join()).toMatch(/`source-cap` goes with `event_count`, or with `events`/);
  });
});
