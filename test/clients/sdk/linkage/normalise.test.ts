import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBirthDate, readBirthParts } from '../../../../clients/sdk/linkage/birth-date.ts';
import { checkSubject } from '../../../../clients/sdk/linkage/check-subject.ts';
import { checkChiNumber, checkNhsNumber } from '../../../../clients/sdk/linkage/identifiers.ts';
import { readFamilyName, readGivenName } from '../../../../clients/sdk/linkage/names.ts';
import { readDistrict, readHouse, readPostcode } from '../../../../clients/sdk/linkage/place.ts';
import { tokenInputs } from '../../../../clients/sdk/linkage/readings.ts';
import { readSkeleton, readSound } from '../../../../clients/sdk/linkage/sounds.ts';
import { isOneErrorAway } from '../../../../clients/sdk/linkage/spelling.ts';
import { readWords } from '../../../../clients/sdk/linkage/words.ts';
import { arbitraryPerson } from './people.ts';

test.each([
  ['Zoë', [['zoe']]],
  ['Strauß', [['strauss']]],
  ['O’Neill', [['oneill']]],
  ["O'Neill", [['oneill']]],
  ['Smith–Jones', [['smith', 'jones']]],
  ['Smith - Jones', [['smith'], ['jones']]],
  ['Łukasz  Żak', [['lukasz'], ['zak']]],
  ['ﬁona', [['fiona']]],
  ['İpek', [['ipek']]],
  ['Ægir', [['aegir']]],
  ['St. John', [['st'], ['john']]],
  ['李 小龙', [['李'], ['小龙']]],
  ['', []],
  ['-- . --', []],
])('the words of %j', (text, words) => {
  expect(readWords(text)).toEqual(words);
});

test('reading words twice changes nothing, and case and composition never matter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const words = readWords(text);
      expect(readWords(words.map((group) => group.join('-')).join(' '))).toEqual(words);
      expect(readWords(text.normalize('NFD'))).toEqual(words);
    }),
  );
});

test('a short form stands for its long form first, and a long form for itself only', () => {
  expect(readGivenName('Tilly').readings).toEqual(['matilda', 'tilly']);
  expect(readGivenName('Alex').readings).toEqual(['alex']);
  expect(readGivenName('Alex', 'M').readings).toEqual(['alexander', 'alex']);
  expect(readGivenName('Alexander').readings).toEqual(['alexander']);
  expect(readGivenName('Jack').readings).toEqual(['jack']);
});

test.each(
  `|Baby|BABY GIRL|Unknown|Not known|Twin 1|-|UBB|S/O Fatima|D/O Fatima|B/O Fatima|B O Fatima|Son of Fatima|Daughter of Fatima|Son|Daughter
  |Fetus|Foetus|Stillborn|NN|N.N.|Expected|Un born|Unborn baby|Twin A|BabyBoy`
    .split('|')
    .map((text) => text.trim()),
)('%j in the field of the forename is no name', (text) => {
  expect(readGivenName(text).readings).toEqual([]);
});

test.each(['Bo', 'Twinkle', 'Sonny', 'Sonia', 'Boyd', 'Babylon', 'Nina', 'Bo Rose'])(
  '%s is a name',
  (text) => {
    expect(readGivenName(text).readings).not.toEqual([]);
  },
);

test('a surname that would be no forename is one, and a placeholder is none', () => {
  for (const text of ['Na', 'No', 'Test', 'Child', 'Boy', 'Son', 'Born'])
    expect(readFamilyName(text).readings, text).not.toEqual([]);
  for (const text of ['Unknown', 'TBC', 'Not known', 'Newborn', '-'])
    expect(readFamilyName(text).readings, text).toEqual([]);
});

test('a double surname is read whole and in its parts, in either order', () => {
  const [one, other] = [readFamilyName('Smith-Jones'), readFamilyName('Jones Smith')];
  expect(one.readings).toEqual(['smithjones', 'smith', 'jones', 'jones smith']);
  expect(other.readings.at(-1)).toBe('jones smith');
  expect(readFamilyName('MacDonald').readings).toEqual(readFamilyName('McDonald').readings);
});

test('sounds keep Ella and Eli apart, and Stephen and Stefen together', () => {
  expect(readSound('ella')).not.toBe(readSound('eli'));
  expect(readSound('stephen')).toBe(readSound('stefen'));
  expect(readSkeleton('phillips')).toBe(readSkeleton('filips'));
  expect(readSkeleton('lee')).toBe(readSkeleton('lea'));
  for (const [one, other] of [
    ['owusu', 'osei'],
    ['ali', 'ola'],
    ['lee', 'lowe'],
  ] as const) {
    expect(readSkeleton(one)).not.toBe(readSkeleton(other));
  }
  expect(
    isOneErrorAway('jack', 'jakc') && isOneErrorAway('jack', 'jac') && isOneErrorAway('jack', 'jbck'),
  ).toBe(true);
  expect(isOneErrorAway('jack', 'john')).toBe(false);
});

test.each([
  ['2015-03-04', { year: 2015, month: 3, day: 4 }],
  ['20150304', { year: 2015, month: 3, day: 4 }],
  ['04/03/2015', { year: 2015, month: 3, day: 4 }],
  ['4.3.2015', { year: 2015, month: 3, day: 4 }],
  ['2015-03', { year: 2015, month: 3, day: undefined }],
  ['2015', { year: 2015, month: undefined, day: undefined }],
  ['20151304', { year: 2015, month: 4, day: 13 }],
  ['20150000', { year: 2015, month: undefined, day: undefined }],
  ['19000101', undefined],
  ['not known', undefined],
])('the date %j', (text, date) => {
  expect(readBirthDate(text)).toEqual(date);
});

test('a date of a month has no token of a day', () => {
  const parts = readBirthParts(readBirthDate('2015-03'));
  expect(parts).toMatchObject({ whole: [], yearMonth: ['2015-03'], yearDay: [], monthDay: [] });
});

test('pseudo-postcodes are no place', () => {
  for (const text of ['ZZ99 3VZ', 'zz993wz', 'XX99 1AA', '', '-', '0000'])
    expect(readPostcode(text), text).toBeUndefined();
  expect(readPostcode('ml3 0ab')).toBe('ML30AB');
  expect(readDistrict('ML30AB')).toBe('ML3');
  expect(readDistrict('2036')).toBeUndefined();
});

test('a house is its number and how its street begins', () => {
  expect(readHouse('12 High Street')).toEqual({ house: '12 high', street: 'highst' });
  expect(readHouse('Flat 2, 12a St. John’s Rd').house).toBeDefined();
  expect(readHouse('12 High Street').house).toBe(readHouse('12 High St').house);
  expect(readHouse('High Street').house).toBeUndefined();
  expect(readHouse('12')).toEqual({ house: undefined, street: undefined });
});

test('nothing is emitted where a component is missing', () => {
  fc.assert(
    fc.property(arbitraryPerson, ({ given: _given, ...person }) => {
      const named = new Set(tokenInputs({ ...person, given: 'Isla' }).map(({ recipe }) => recipe));
      const unnamed = tokenInputs(person).map(({ recipe }) => recipe);
      expect(unnamed.filter((recipe) => recipe.includes('given') || recipe.startsWith('name'))).toEqual([]);
      expect(unnamed.every((recipe) => named.has(recipe))).toBe(true);
      expect(tokenInputs({ family: person.family ?? '' })).toEqual([]);
    }),
  );
});

// 943 476 5919 and 987 654 4321 are the NHS Data Dictionary's and the usual example numbers.
test.each([
  ['943 476 5919', 'ok'],
  ['9876543210', 'ok'],
  ['4505577104', 'ok'],
  ['943 476 5918', 'check-digit'],
  ['12345', 'form'],
])('the NHS number %s is %s', (number, check) => {
  expect(checkNhsNumber(number)).toBe(check);
});

test('a postcode of another form than those of the United Kingdom is worth a second look', () => {
  for (const odd of ['zzz', 'unknown', 'ML3 0A', 'ML3'])
    expect(checkSubject({ postcode: odd })).toEqual([
      { field: 'postcode', message: 'is none of the United Kingdom' },
    ]);
  for (const good of ['ML3 0AB', 'ml30ab', 'G12 8QQ', 'EC1A 1BB', 'ZZ99 3VZ'])
    expect(checkSubject({ postcode: good })).toEqual([]);
});

test('a number, a date or a sex that is odd is warned about, never refused', () => {
  expect(checkChiNumber('3213151226')).toBe('date');
  expect(
    checkSubject({ chi: '0101011234', birthDate: '2001-01-01', sex: 'F' }).map(({ field }) => field),
  ).toEqual(['chi', 'chi']);
  expect(checkSubject({ chi: '12' })).toEqual([{ field: 'chi', message: 'is not a number of ten digits' }]);
  expect(tokenInputs({ given: 'Isla', family: 'Newborn', birthDate: '2026-01-02' })).toEqual([]);
  const now = Date.parse('2026-11-29');
  const oddDate = (birthDate: string) => checkSubject({ birthDate }, now).map(({ message }) => message);
  expect(oddDate('2015-02-30')).toEqual(['is no day of the calendar']);
  expect(oddDate('2015-13-99')).toEqual(['is no day of the calendar']);
  expect(oddDate('2099-01-01')).toEqual(['lies in the future']);
  for (const good of ['2015-02-28', '29/02/2016', '2015-02', '2015', '2027-05-01'])
    expect(oddDate(good)).toEqual([]);
  for (const read of ['F', 'male', ' 2 ', '', '9', 'X', 'unknown'])
    expect(checkSubject({ sex: read })).toEqual([]);
  expect(checkSubject({ sex: 'banana' })).toMatchObject([{ field: 'sex' }]);
  const wrong = { given: 'Isla', family: 'Reid', birthDate: '2001-01-01', chi: '0101011234' };
  const recipes = tokenInputs(wrong).map(({ recipe }) => recipe);
  expect(recipes).toContain('local-given');
  expect(recipes).not.toContain('chi-given');
});
