import fc from 'fast-check';
import { expect, test } from 'vitest';
import { carries, maxTokens, recipes } from '../../../protocol/linkage/recipes.ts';
import { subjectTokensSchema } from '../../../protocol/linkage/subject-tokens.ts';
import { decideLink } from '../../../protocol/linkage/tier.ts';
import { SubjectTokeniser } from '../../../clients/sdk/linkage/subject-tokens.ts';
import { arbitraryPerson, distinctForenames, link, tokeniser } from '../../clients/sdk/linkage/people.ts';

const child = {
  given: 'Isla',
  family: 'MacDonald',
  birthDate: '2015-03-04',
  postcode: 'ML3 0AB',
  address: '12 High Street',
};

test('a decision is the same from either side', () => {
  fc.assert(
    fc.property(arbitraryPerson, arbitraryPerson, (one, other) => {
      const [there, back] = [link(one, other), link(other, one)];
      expect(back).toEqual(there);
    }),
  );
});

test('a decision does not hang on the order of recipes', () => {
  fc.assert(
    fc.property(arbitraryPerson, arbitraryPerson, (one, other) => {
      const [left, right] = [tokeniser.tokensOf(one), tokeniser.tokensOf(other)];
      const reversed = { ...left, tokens: Object.fromEntries(Object.entries(left.tokens).reverse()) };
      expect(decideLink(reversed, right)).toEqual(decideLink(left, right));
    }),
  );
});

test('a record is the same as itself', () => {
  fc.assert(
    fc.property(arbitraryPerson, (person) => {
      expect(link(person, person).tier).toBe('same');
    }),
  );
});

test('twins and siblings are never the same, however their names resemble each other', () => {
  const names = fc.constantFrom(...distinctForenames);
  fc.assert(
    fc.property(arbitraryPerson, names, fc.boolean(), ({ chi: _chi, ...twin }, given, isTwin) => {
      fc.pre(given !== twin.given);
      const birthDate = isTwin ? twin.birthDate : '2012-11-30';
      expect(link(twin, { ...twin, given, birthDate: birthDate ?? '' }).tier).not.toBe('same');
    }),
    { numRuns: 1_000 },
  );
});

test('twins whose names were both written in the wrong fields stay apart', () => {
  const swapped = { ...child, given: 'Piotrowski' };
  expect(link({ ...swapped, family: 'Jakub' }, { ...swapped, family: 'Krzysztof' }).tier).not.toBe('same');
  expect(link({ ...swapped, family: 'Jayden' }, { ...swapped, family: 'Kayden' }).tier).not.toBe('same');
});

test.each([
  ['a short form', { given: 'Matilda' }, { given: 'Tilly' }, 'same'],
  ['a twin who bears the short form as a name', { given: 'Gabriella' }, { given: 'Ella' }, 'possible'],
  ['a twin brother who does', { given: 'William' }, { given: 'Liam' }, 'possible'],
  ['a twin christened Finn beside Finlay', { given: 'Finlay' }, { given: 'Finn' }, 'possible'],
  ['a twin of the other sex who does', { given: 'Charlotte' }, { given: 'Charlie' }, 'possible'],
  ['a short form of two names that are much alike', { given: 'Isabelle' }, { given: 'Izzy' }, 'possible'],
  ['another spelling', { given: 'Mohammed' }, { given: 'Muhammad' }, 'same'],
  ['a typing error in the forename', { given: 'Charlotte' }, { given: 'Charlotet' }, 'same'],
  ['a new surname at the same address', {}, { family: 'Kowalski' }, 'same'],
  [
    'a double surname after a marriage',
    {},
    { family: 'MacDonald-Smith', postcode: 'G1 1AA', address: '' },
    'same',
  ],
  ['a move', {}, { postcode: 'G12 8QQ', address: '3 Clyde Road' }, 'same'],
  ['names in the wrong fields', {}, { given: 'McDonald', family: 'Isla' }, 'same'],
  ['day and month swapped', {}, { birthDate: '2015-04-03' }, 'same'],
  ['a year off by one', {}, { birthDate: '2016-03-04' }, 'same'],
  ['a date known to the month', {}, { birthDate: '2015-03' }, 'same'],
  ['no forename yet', {}, { given: 'Baby' }, 'possible'],
  ["no forename yet, under the other parent's surname", {}, { given: 'Baby', family: 'Reid' }, 'possible'],
  [
    'a forename in no list, mistyped by a letter',
    { given: 'Shakiroh' },
    { given: 'Shakirah', postcode: 'G1 1AA', address: '' },
    'possible',
  ],
  [
    'a forename in no list with a letter too many',
    { given: 'Zorvena' },
    { given: 'Zorvenas', postcode: 'G1 1AA', address: '' },
    'possible',
  ],
  ['two misspellings of one forename at one address', { given: 'Zachsry' }, { given: 'Zachay' }, 'possible'],
  [
    'a guess at the forename at one postcode, with another surname and no house',
    { given: 'Jasleen', address: '' },
    { given: 'Jasveen', family: 'Reid' },
    'possible',
  ],
  ['no date of birth', {}, { birthDate: '' }, 'possible'],
  ['an initial', {}, { given: 'I' }, 'possible'],
  ['an initial under another surname, as without a forename', {}, { given: 'I', family: 'Reid' }, 'possible'],
  ['an initial that differs', {}, { given: 'C' }, 'conflict'],
  [
    'strangers of two surnames that sound alike, born on days that are swapped',
    { given: 'Zainab', family: 'Mensah', birthDate: '2017-01-03' },
    { given: 'Zainab', family: 'Menzies', birthDate: '2017-03-01', postcode: 'G1 1AA', address: '' },
    'possible',
  ],
  [
    'a stranger of the same name and birthday whose surname ends alike',
    { family: 'Popescu' },
    { family: 'Ionescu', postcode: 'G1 1AA', address: '' },
    'possible',
  ],
  [
    'a stranger of the same name and birthday whose surname starts alike',
    { family: 'Thomas' },
    { family: 'Thomson', postcode: 'G1 1AA', address: '' },
    'possible',
  ],
  [
    'a surname that only ends alike, at the same address',
    { family: 'Popescu' },
    { family: 'Ionescu' },
    'same',
  ],
  ['a new surname and a new address', {}, { family: 'Reid', postcode: 'G1 1AA', address: '' }, 'none'],
  ['a name mistyped by a letter', { given: 'Eryn' }, { given: 'Erryn' }, 'same'],
  [
    'the twin of one mistyped, whose name only sounds like it',
    { given: 'Erin' },
    { given: 'Erryn' },
    'possible',
  ],
  ['twins who share their first name', { given: 'Muhammad Ali' }, { given: 'Muhammad Hassan' }, 'possible'],
  ['twins whose names begin with one word', { given: 'Jia Yi' }, { given: 'Jia Hao' }, 'possible'],
  ['twins with names of two parts', { given: 'Mary-Kate' }, { given: 'Mary Anne' }, 'possible'],
  ['the first of two names', { given: 'Muhammad Ali' }, { given: 'Mohammed' }, 'same'],
  ['a second name that one side knows', {}, { given: 'Isla Rose' }, 'same'],
  ['an initial for the second name', { given: 'Isla Rose' }, { given: 'Isla R.' }, 'same'],
  ['a short form beside a second name', { given: 'Tilly' }, { given: 'Matilda Rose' }, 'same'],
  ['two short forms of one name', { given: 'Josh' }, { given: 'Joshua James' }, 'same'],
  ['a misspelling beside a second name', { given: 'Olivvia' }, { given: 'Olivia Rose' }, 'same'],
  [
    'half of a double surname and the first of two names, after a move',
    { given: 'Isla Rose', family: 'MacDonald-Smith' },
    { given: 'Isla', family: 'Smith', postcode: 'G1 1AA', address: '' },
    'same',
  ],
  [
    'a surname mistyped by a letter, after a move',
    { family: 'Robertson' },
    { family: 'Ropertson', postcode: 'G1 1AA', address: '' },
    'same',
  ],
  [
    'a letter dropped from a surname, after a move',
    { family: 'Cunningham' },
    { family: 'Cunninham', postcode: 'G1 1AA', address: '' },
    'same',
  ],
  [
    'a stranger of the same name and birthday whose surname is two letters apart',
    { family: 'Henderson' },
    { family: 'Anderson', postcode: 'G1 1AA', address: '' },
    'possible',
  ],
  [
    'a twin whose surname is mistyped by a letter',
    { family: 'Robertson' },
    { given: 'Callum', family: 'Ropertson' },
    'conflict',
  ],
  [
    'twins who share their first name, one surname mistyped by a letter',
    { given: 'Muhammad Ali', family: 'Robertson' },
    { given: 'Muhammad Hassan', family: 'Ropertson' },
    'possible',
  ],
  ['twins whose names end unlike', { given: 'Harjot' }, { given: 'Harjit' }, 'conflict'],
  ['two names in no list that sound alike', { given: 'Zorvena' }, { given: 'Zorveena' }, 'possible'],
  ['children called after their mother yet', { given: 'B/O Fatima' }, { given: 'Baby Fatima' }, 'possible'],
  ['what stands for no name', { given: 'TBC' }, {}, 'possible'],
  ['a twin', {}, { given: 'Callum' }, 'conflict'],
  ['a twin under the other surname', {}, { given: 'Callum', family: 'Reid' }, 'conflict'],
  ['a parent of the same name', {}, { birthDate: '1984-07-19' }, 'none'],
  ['a parent of the same name and birthday', {}, { birthDate: '1984-03-04' }, 'possible'],
  [
    'a stranger of the same name born near',
    {},
    { birthDate: '2015-03-05', postcode: 'G1 1AA', address: '' },
    'none',
  ],
])('%s', (_what, left, right, tier) => {
  expect(link({ ...child, ...left }, { ...child, ...right }).tier).toBe(tier);
});

test('an identifier and a forename are enough; with another forename a person has to look', () => {
  const numbered = { given: 'Isla', family: 'Reid', birthDate: '2015-03-04', chi: '0403151228' };
  const moved = { given: 'Isla', family: 'Kaur', birthDate: '', chi: '0403151228' };
  expect(link(numbered, moved).tier).toBe('same');
  expect(link({ ...numbered, given: 'William' }, { ...numbered, given: 'Liam' }).tier).toBe('same');
  expect(link(numbered, { ...numbered, given: 'Callum' }).tier).toBe('possible');
});

test('an identifier with the street or the postcode is for a person to look at, whatever the names say', () => {
  const numbered = { ...child, chi: '0403151228' };
  const other = { ...numbered, given: 'Callum', family: 'Fraser', birthDate: '2012-11-30' };
  expect(link(numbered, { ...other, address: '' }).tier).toBe('possible');
  expect(link(numbered, { ...other, address: '21 High Street', postcode: '' }).tier).toBe('possible');
  expect(link(numbered, { ...other, address: '3 Clyde Road', postcode: 'G1 1AA' }).tier).toBe('none');
});

test('identifiers that differ ask for more than a name and a date', () => {
  const one = {
    given: 'Isla',
    family: 'Reid',
    birthDate: '2015-03-04',
    postcode: 'ML3 0AB',
    chi: '0403151228',
  };
  expect(link(one, { ...one, chi: '0403155568', postcode: 'G1 1AA' }).tier).toBe('possible');
  const twins = { ...one, chi: '0403155568' };
  expect(link(one, twins).tier).toBe('same');
  expect(link(one, { ...twins, given: 'Reid', family: 'Isla' }).tier).toBe('same');
  for (const [long, short] of [
    ['Matilda', 'Tilly'],
    ['Olivia', 'Olivvia'],
    ['Charlotte', 'Chafrlotte'],
  ]) {
    expect(link({ ...one, given: long! }, { ...twins, given: short! }).tier).toBe('possible');
    // A twin christened Tilly, who lives with the other parent.
    const away = { ...twins, given: short!, postcode: 'G1 1AA' };
    expect(link({ ...one, given: long! }, away).tier).toBe('conflict');
  }
});

test('a child without a forename is not the one that has another number', () => {
  const named = { ...child, chi: '0403151228' };
  const unnamed = { ...child, given: '' };
  expect(link(named, unnamed).tier).toBe('possible');
  expect(link(named, { ...unnamed, chi: '0403155568' }).tier).toBe('conflict');
});

test('a date that is a little off tells two children with numbers of their own apart', () => {
  const one = { ...child, chi: '0403151228' };
  const other = { ...child, birthDate: '2015-01-04', postcode: 'ML3 0ZZ', address: '', chi: '0401155560' };
  expect(link(one, other).tier).toBe('conflict');
  expect(link({ ...one, chi: '' }, other).tier).toBe('possible');
});

test('a number that fails its check tells nobody apart, and still tells who is meant', () => {
  const numbered = { ...child, chi: '0403151228' };
  const mistyped = { ...child, chi: '0403151229' };
  expect(link(numbered, { ...mistyped, given: '' }).tier).toBe('possible');
  expect(link(numbered, { ...mistyped, given: 'I' }).tier).toBe('possible');
  expect(link(mistyped, { ...mistyped, family: 'Kaur', postcode: 'G1 1AA', address: '' }).tier).toBe('same');
});

test('a child whose date was corrected, and the number with it, is for a person to look at', () => {
  const before = { ...child, chi: '0403151228' };
  const after = { ...child, birthDate: '2015-03-05', chi: '0503151246' };
  expect(link(before, after).tier).toBe('possible');
  expect(link({ ...before, birthDate: '' }, after).tier).toBe('possible');
  expect(link(before, { ...after, postcode: 'G1 1AA', address: '' }).tier).toBe('conflict');
});

test('where a forename is missing, the sex tells twins apart', () => {
  const girl = { ...child, sex: 'F' };
  const unnamed = { ...child, given: '' };
  expect(link(girl, { ...unnamed, sex: 'M' }).tier).toBe('conflict');
  expect(link({ ...unnamed, sex: 'female' }, { ...unnamed, sex: 'M' }).tier).toBe('conflict');
  for (const sex of ['2', '', 'unknown']) expect(link(girl, { ...unnamed, sex }).tier).toBe('possible');
  // Where the home is all that agrees, it is not compared.
  expect(link(girl, { ...unnamed, family: 'Reid', sex: 'M' }).tier).toBe('possible');
});

test('beside a forename or a number that agrees, a wrong sex says nothing', () => {
  const girl = { ...child, sex: 'F', chi: '0403151228' };
  expect(link(girl, { ...girl, sex: 'M' }).tier).toBe('same');
  expect(link(girl, { ...girl, given: '', sex: 'M' }).tier).toBe('same');
  expect(link({ ...girl, chi: '' }, { ...girl, sex: 'M', chi: '' }).tier).toBe('same');
});

test('a link names the recipes that agree, what differs and what one side lacks', () => {
  const found = link(child, { ...child, given: '', postcode: 'G1 1AA' });
  expect(found.agreements.map(({ recipe }) => recipe)).toContain('family-birth-address');
  expect(found.missing).toEqual(['forename', 'identifier', 'sex']);
  expect(found.evidence).not.toContain('forename');
});

test('subjects of different epochs are not compared, and of one they share are', () => {
  const keys = [1, 2, 3].map((epoch) => ({ epoch, secret: Buffer.alloc(32, epoch) }));
  const [first, second, third] = [keys[0]!, keys[1]!, keys[2]!];
  const before = new SubjectTokeniser(first).tokensOf(child);
  const rotating = new SubjectTokeniser(second, first).tokensOf(child);
  const after = new SubjectTokeniser(third, second).tokensOf(child);
  expect(decideLink(before, rotating).tier).toBe('same');
  expect(decideLink(rotating, after).tier).toBe('same');
  expect(decideLink(before, after).tier).toBe('none');
});

test('chains are not merged: a record between two leaves them apart', () => {
  const unnamed = { ...child, given: '' };
  const [one, other] = [child, { ...child, given: 'Callum' }];
  expect(link(one, unnamed).tier).toBe('possible');
  expect(link(unnamed, other).tier).toBe('possible');
  expect(link(one, other).tier).toBe('conflict');
});

test('no recipe has one field alone, and what lacks the forename never makes the same', () => {
  for (const recipe of recipes) {
    expect(recipe.codes.length, recipe.name).toBeGreaterThan(1);
    if (carries(recipe, 'forename') || carries(recipe, 'identifier')) continue;
    const only = (subject: typeof child) => {
      const { epoch, tokens } = tokeniser.tokensOf(subject);
      return { epoch, tokens: { [recipe.name]: tokens[recipe.name] ?? [] } };
    };
    expect(decideLink(only(child), only(child)).tier).not.toBe('same');
  }
});

test('an envelope takes sixty tokens a set and no more', () => {
  const token = 'A'.repeat(22);
  const set = (count: number) => ({
    epoch: 1,
    tokens: { 'name-birth': Array<string>(30).fill(token), x: Array<string>(count).fill(token) },
  });
  expect(subjectTokensSchema.safeParse(set(30)).success).toBe(true);
  expect(subjectTokensSchema.safeParse(set(31)).success).toBe(false);
  expect(subjectTokensSchema.safeParse({ ...set(1), previous: set(31) }).success).toBe(false);
  fc.assert(
    fc.property(arbitraryPerson, (person) => {
      expect(subjectTokensSchema.safeParse(tokeniser.tokensOf(person)).success).toBe(true);
    }),
  );
  expect(maxTokens).toBe(60);
});
