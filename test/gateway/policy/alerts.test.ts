import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dispositions } from '../../../gateway/correlator/alert-record.ts';
import { alertCategory, dispositionCategories, reminderCategory } from '../../../gateway/policy/alerts.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { copyPolicies, lineOf, policiesDir, problemsOf } from './policy-folder.ts';

describe('alerts.yaml', () => {
  it('of the project says for both levels who gets an alert and by when somebody has judged it', async () => {
    const { alerts, categories } = await loadPolicySet(policiesDir);
    expect(alerts).toMatchObject({
      schedule: '* * * * *',
      levels: {
        consider: { roles: ['duty'], severity: 'concern', 'disposition-hours': 72 },
        suspect: { severity: 'urgent', 'disposition-hours': 24 },
      },
      overdue: { roles: ['duty', 'mash'], severity: 'urgent' },
    });
    for (const category of [alertCategory, reminderCategory]) {
      expect(categories.get(category)).toMatchObject({ group: 'alert', lane: 'immediate' });
    }
    expect([...dispositionCategories.values()]).toEqual(dispositions);
    for (const category of dispositionCategories.keys()) {
      expect(categories.get(category)).toMatchObject({
        group: 'disposition',
        datasets: ['alert-disposition'],
      });
    }
  });

  it.each([
    ["schedule: '* * * * *'", "schedule: '61 * * * *'", 'schedule', /must be a schedule of cron/],
    ["schedule: '* * * * *'", 'schedule: often', 'schedule', /must be a schedule of cron/],
    ['roles: [duty]', 'roles: [nobody]', 'roles: [nobody]', /there is no role `nobody`/],
    ['roles: [duty]', 'roles: []', 'roles: []', /roles/],
    ['severity: concern', 'severity: mild', 'severity: mild', /must be one of/],
    ['roles: [duty, mash]', 'roles: [duty, nobody]', 'roles: [duty, nobody]', /there is no role `nobody`/],
    ['disposition-hours: 72', 'disposition-hours: 0', 'disposition-hours: 0', /must be at least 1/],
  ])('with %s as %s is refused at its place', async (from, to, place, words) => {
    await using folder = await copyPolicies();
    await folder.replace('alerts.yaml', from, to);
    const line = lineOf(await folder.read('alerts.yaml'), place);
    const problems = await problemsOf(folder.dir);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^alerts\\.yaml:${line}:`));
    expect(problems[0]).toMatch(words);
  });

  it('must be there as soon as there is a pattern, and need not be without', async () => {
    await using folder = await copyPolicies();
    await rm(join(folder.dir, 'alerts.yaml'));
    expect(await problemsOf(folder.dir)).toEqual(['alerts.yaml this file is missing']);
    await rm(join(folder.dir, 'patterns'), { recursive: true });
    expect((await loadPolicySet(folder.dir)).alerts).toBeUndefined();
  });
});
