import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { describeRetention, distinctPeriods, periodsFor } from '../../../gateway/policy/retention.ts';
import { copyPolicies, policiesDir, problemsOf } from './policy-folder.ts';

const dayMs = 24 * 3_600_000;

describe('retention.yaml', () => {
  it('of the project keeps payloads a month once stored, and longer where somebody did not store them', async () => {
    const { retention } = await loadPolicySet(policiesDir);
    expect(retention?.payloads).toEqual({ stored: 30 * dayMs, undelivered: 90 * dayMs });
    expect(describeRetention(retention!)).toBe(
      'payloads are kept 30 days once stored, 90 days where somebody did not store it',
    );
  });

  it('may give a category longer periods, in days or weeks; what it leaves out is as for all', async () => {
    await using folder = await copyPolicies();
    await folder.replace(
      'retention.yaml',
      'categories: {}',
      'categories: { concern: { undelivered: P26W }, police-concern: { stored: P45D } }',
    );
    const { retention, digest } = await loadPolicySet(folder.dir);
    expect(digest).not.toBe((await loadPolicySet(policiesDir)).digest);
    expect(periodsFor(retention!, 'concern')).toEqual({ stored: 30 * dayMs, undelivered: 182 * dayMs });
    expect(periodsFor(retention!, 'police-concern')).toEqual({
      stored: 45 * dayMs,
      undelivered: 90 * dayMs,
    });
    expect(periodsFor(retention!, 'one of former times')).toEqual(retention!.payloads);
    expect(distinctPeriods(retention!).map((period) => period / dayMs)).toEqual([30, 45, 90, 182]);
    expect(describeRetention(retention!)).toContain('; concern: 30 days once stored, 182 days');
  });

  it.each([
    ['stored: P30D', 'stored: 30', 'stored: 30', /stored/],
    ['stored: P30D', 'stored: P0D', 'stored: P0D', /must be a period of whole days or weeks/],
    ['stored: P30D', 'stored: P1M', 'stored: P1M', /must be a period of whole days or weeks/],
    ['stored: P30D', 'stored: P99999D', 'stored: P99999D', /must not be longer than 36500 days/],
    ['undelivered: P90D', 'expired: P90D', 'payloads:', /undelivered/],
    ['categories: {}', 'categories: { concerns: { stored: P60D } }', 'concerns', /no category `concerns`/],
    ['categories: {}', 'categories: { concern: { stored: P29D } }', 'P29D', /must not be shorter/],
  ])('with %s as %s is refused at its place', async (from, to, place, words) => {
    await using folder = await copyPolicies();
    await folder.replace('retention.yaml', `${from}\n`, `${to}\n`);
    const text = await folder.read('retention.yaml');
    const line = text.split('\n').findIndex((each) => !each.startsWith('#') && each.includes(place)) + 1;
    const problems = await problemsOf(folder.dir);
    expect(problems.join('\n')).toMatch(words);
    expect(problems.every((problem) => /^retention\.yaml:\d+:/.test(problem))).toBe(true);
    expect(problems.some((problem) => problem.startsWith(`retention.yaml:${line}:`))).toBe(true);
  });

  it('need not be there: then everything is kept', async () => {
    await using folder = await copyPolicies();
    await rm(join(folder.dir, 'retention.yaml'));
    expect((await loadPolicySet(folder.dir)).retention).toBeUndefined();
  });
});
