import { expect, test } from 'vitest';
import { loneForenames } from '../../../../clients/sdk/linkage/lone-forenames.ts';
import { isListedForename } from '../../../../clients/sdk/linkage/spelling.ts';
import { link } from './people.ts';

const home = { family: 'Khan', birthDate: '2015-03-04', postcode: 'ML3 0AB', address: '12 High Street' };

/** Names of many origins, two by two: at least one of each pair is in no list of ours, and is another child's name. */
const pairs = `
  Khalid/Khalida Sajid/Sajida Karim/Karima Walid/Walida Wahid/Wahida Nabil/Nabiha Hareem/Haleem Zubair/Zubaira
  Dominik/Dominika Bogdan/Bogdana Oleksandr/Oleksandra Ionel/Ionelia Boyan/Boyana Vasyl/Vasylyna Rokas/Rokasa
  Jasleen/Jasveen Gurleen/Gurveen Harleen/Harneen Avleen/Avneen Dhruv/Dhruva Nikhil/Nikhila Aarav/Aarava
  Chinedu/Chinelu Chinelo/Chinelu Amara/Amaka Temitope/Temilope Ifeoma/Ifeomi Kelechi/Kelechu Tinashe/Tinasha
  Xinyi/Xinya Yuna/Yuma Siqi/Sixi Haruto/Haruta Yuki/Yuka Safa/Safwa Zihan/Zhihan Tuan/Tuana
  Florin/Florina Gabij/Gabija Emil/Emilija Simon/Simone Noel/Noelle Marcel/Marcele Pascal/Pascale
  Eilidh/Eilish Lauren/Laurent Tabitha/Talitha Nathan/Nithan Jasper/Jesper Leonard/Leonhard Harriet/Harrieta Jasmine/Jasmina Georgia/Georgio Josephine/Josephina
  Eirian/Eirion Gethin/Gethina Ruairi/Ruairia Donnacha/Donnachi Iolo/Iola Nimco/Nimca Kwame/Kwama`
  .trim()
  .split(/\s+/u)
  .map((pair) => pair.split('/') as [string, string]);

test.each(pairs)('twins called %s and %s are not the same', (one, other) => {
  const [left, right] = [
    { ...home, given: one },
    { ...home, given: other },
  ];
  expect(link(left, right).tier).not.toBe('same');
  expect(link({ ...left, sex: 'M' }, { ...right, sex: 'F' }).tier).not.toBe('same');
  expect(link({ ...left, given: `${one} Ali` }, { ...right, given: `${other} Ali` }).tier).not.toBe('same');
});

test('most of these names are in no list', () => {
  const unlisted = pairs.filter((pair) => !pair.every((name) => isListedForename(name.toLowerCase())));
  expect(unlisted.length / pairs.length).toBeGreaterThan(0.8);
});

test.each([
  ['a doubled letter', 'Olivia', 'Olivvia'],
  ['one vowel in two ways', 'Jasdeep', 'Jasdip'],
  ['an h at the end', 'Zahra', 'Zahrah'],
  ['letters that no name has side by side', 'Charlotte', 'Chafrlotte'],
  ['neighbours that changed places', 'Charlotte', 'Charlotet'],
  ['an error in the first of two names', 'Olivia Rose', 'Olivvia Rose'],
])('%s tells no two children apart', (_what, given, other) => {
  expect(link({ ...home, given }, { ...home, given: other }).tier).toBe('same');
});

test('a name that stands alone is long, and in the list', () => {
  for (const name of loneForenames) {
    expect(isListedForename(name), name).toBe(true);
    expect(name.length, name).toBeGreaterThan(5);
  }
});

test.each([
  ['Olivia', 'Obivia'],
  ['Fraser', 'Frasar'],
  ['Harrison', 'Harriton'],
])('%s stands alone: %s is a slip, and another beginning or end is not', (given, slip) => {
  expect(link({ ...home, given }, { ...home, given: slip }).tier).toBe('same');
  for (const other of [`K${given.slice(1).toLowerCase()}`, `${given.slice(0, -1)}i`])
    expect(link({ ...home, given }, { ...home, given: other }).tier, other).not.toBe('same');
});

test('a guess at the spelling and an identifier are the same child', () => {
  const child = { ...home, given: 'Jasleen', chi: '0403151228' };
  expect(link(child, { ...child, given: 'Jasveen' }).tier).toBe('same');
});
