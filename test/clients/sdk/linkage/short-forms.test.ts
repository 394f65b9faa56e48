import { expect, test } from 'vitest';
import { findLongForms, readLongForms, shortForms } from '../../../../clients/sdk/linkage/short-forms.ts';
import { unifySpelling } from '../../../../clients/sdk/linkage/spellings.ts';
import { link } from './people.ts';

const home = { family: 'Smith', birthDate: '2015-03-04', postcode: 'ML3 0AB', address: '12 High Street' };
const tierOf = (one: string, other: string, sex: string) =>
  link({ ...home, sex, given: one }, { ...home, sex, given: other }).tier;

test.each([
  ['Nic', 'Dominic', 'Nicholas', 'M'],
  ['Beth', 'Bethany', 'Elizabeth', 'F'],
  ['Zac', 'Isaac', 'Zachary', 'M'],
  ['Sam', 'Samantha', 'Samuel', ''],
  ['Alex', 'Alexander', 'Alexandra', ''],
  ['Chris', 'Christian', 'Christopher', 'M'],
  ['Mel', 'Melanie', 'Melissa', 'F'],
  ['Ed', 'Edward', 'Edwin', 'M'],
  ['Ted', 'Edward', 'Theodore', 'M'],
  ['Rick', 'Patrick', 'Richard', 'M'],
  ['Jem', 'James', 'Jeremy', 'M'],
  ['Kate', 'Kathleen', 'Katherine', 'F'],
])('%s is the same as at most one of the twins %s and %s', (short, one, other, sex) => {
  const tiers = [tierOf(short, one, sex), tierOf(short, other, sex)];
  expect(tiers).toContain('possible');
  for (const tier of tiers) expect(['same', 'possible']).toContain(tier);
});

test('no short form is the same as two names that differ, whatever the sex', () => {
  for (const short of shortForms())
    for (const sex of ['F', 'M', undefined] as const)
      expect(new Set(readLongForms(short, sex).sure).size, `${short} ${sex}`).toBeLessThan(2);
});

test('an identifier says whom an ambiguous short form is for', () => {
  const child = { ...home, given: 'Elizabeth', chi: '0403151228' };
  expect(link(child, { ...child, given: 'Beth' }).tier).toBe('same');
});

test.each([
  ['Mel', 'Melissa'],
  ['Mel', 'Amelia'],
  ['Jo', 'Johanna'],
  ['Kate', 'Katherine'],
  ['Cat', 'Catriona'],
  ['Cass', 'Cassidy'],
  ['Meg', 'Margaret'],
  ['Ness', 'Vanessa'],
])('%s of a girl may be %s', (short, long) => {
  expect(['same', 'possible']).toContain(tierOf(short, long, 'F'));
});

test('the sex leaves out names of the other one, and names that either bears stay', () => {
  expect(findLongForms('sam', 'F')).toEqual(['samantha']);
  expect(findLongForms('nic', 'M')).toEqual(['dominic', 'nicholas']);
  expect(findLongForms('jordy', 'F')).toEqual(findLongForms('jordy', 'M'));
  for (const short of shortForms())
    for (const long of findLongForms(short)) {
      const kept = [...findLongForms(short, 'F'), ...findLongForms(short, 'M')].map(unifySpelling);
      expect(kept, short).toContain(unifySpelling(long));
    }
});
