import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { addAgency, changeAgenciesAlone } from '../../../gateway/policy/add-agency.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { copyPolicies, lineOf } from './policy-folder.ts';

const housing = {
  id: 'north-lanarkshire-early-years',
  name: 'North Lanarkshire Early Years: nurseries',
  sector: 'education',
  authority: 'North Lanarkshire Council',
  areas: ['north-lanarkshire'],
  roles: ['named-person'],
};

describe('adding an agency', () => {
  it('appends its entry and leaves every other byte of the file alone', async () => {
    await using folder = await copyPolicies();
    const before = await folder.read('agencies.yaml');
    await addAgency(folder.dir, housing);
    expect(await folder.read('agencies.yaml')).toBe(`${before}  north-lanarkshire-early-years:
    name: "North Lanarkshire Early Years: nurseries"
    sector: education
    authority: North Lanarkshire Council
    areas: [north-lanarkshire]
    roles: [named-person]
`);
    const policies = await loadPolicySet(folder.dir);
    expect(policies.agencies.get(housing.id)).toEqual(housing);
    expect((await readdir(folder.dir)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('loses neither of two that are added at once', async () => {
    await using folder = await copyPolicies();
    const ids = ['agency-one', 'agency-two'];
    const add = (id: string) =>
      changeAgenciesAlone(folder.dir, () => addAgency(folder.dir, { ...housing, id }));
    await Promise.all(ids.map(add));
    const text = await folder.read('agencies.yaml');
    for (const id of ids) expect(text).toContain(`\n  ${id}:\n`);
    expect((await readdir(folder.dir)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('refuses an agency that is there already, with its line, and changes nothing', async () => {
    await using folder = await copyPolicies();
    const before = await folder.read('agencies.yaml');
    const twin = { ...housing, id: 'nhs-lanarkshire' };
    await expect(addAgency(folder.dir, twin)).rejects.toMatchObject({
      code: 'policy-invalid',
      problems: [
        {
          at: 'agencies.yaml',
          line: lineOf(before, '  nhs-lanarkshire:'),
          message: 'the agency `nhs-lanarkshire` is there already',
        },
      ],
    });
    expect(await folder.read('agencies.yaml')).toBe(before);
  });

  it('refuses what would make the folder unsound, and changes nothing', async () => {
    await using folder = await copyPolicies();
    const before = await folder.read('agencies.yaml');
    const refused = [
      { ...housing, sector: 'housing' },
      { ...housing, roles: ['landlord'] },
      { ...housing, id: 'gateway' },
      { ...housing, id: 'Upper' },
      { ...housing, roles: [] },
    ];
    for (const agency of refused) {
      await expect(addAgency(folder.dir, agency)).rejects.toMatchObject({ code: 'policy-invalid' });
    }
    expect(await folder.read('agencies.yaml')).toBe(before);
  });
});
