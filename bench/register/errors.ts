/** What agencies write down of a person: other forms of the name, errors, gaps. */
import { makeChi, type Person } from './families.ts';
import type { Random } from './random.ts';

const dayMs = 86_400_000;

/** A line of the register, as strings. */
export type WrittenRecord = {
  given: string;
  family: string;
  birthDate: string;
  sex: string;
  number: string;
  street: string;
  town: string;
  postcode: string;
  chi: string;
};

/** Rates for one record; two records of a person differ about twice as often. */
export const errorRates = {
  shortForm: 0.05,
  typingErrorInForename: 0.006,
  soundErrorInForename: 0.004,
  forenameMissing: 0.006,
  forenameInitial: 0.004,
  middleNameAdded: 0.05,
  middleNameInstead: 0.002,
  namesSwapped: 0.003,
  typingErrorInSurname: 0.012,
  soundErrorInSurname: 0.006,
  dateInPart: 0.0023,
  dateWrong: 0.0015,
  dateMissing: 0.004,
  sexWrong: 0.0017,
  postcodeMissing: 0.02,
  postcodePseudo: 0.005,
  typingErrorInPostcode: 0.01,
  addressMissing: 0.03,
  typingErrorInStreet: 0.03,
  typingErrorInNumber: 0.01,
  digitWrongInId: 0.003,
  numberGivenAnew: 0.002,
};
export type ErrorRates = typeof errorRates;

const shortForms: Readonly<Record<string, readonly string[]>> = {
  Alexander: ['Alex', 'Sandy', 'Xander'],
  Alexandra: ['Alex', 'Lexi'],
  Andrew: ['Andy', 'Drew'],
  Anthony: ['Tony'],
  Benjamin: ['Ben', 'Benji'],
  Bethany: ['Beth'],
  Cameron: ['Cam'],
  Catriona: ['Cat'],
  Charlotte: ['Lottie', 'Charlie'],
  Christopher: ['Chris', 'Kit'],
  Daniel: ['Dan', 'Danny'],
  Danielle: ['Dani'],
  David: ['Dave', 'Davie'],
  Dominic: ['Dom'],
  Edward: ['Ed', 'Eddie', 'Ted'],
  Eleanor: ['Ellie', 'Nell'],
  Elizabeth: ['Liz', 'Beth', 'Lizzie', 'Libby', 'Betty'],
  Finlay: ['Fin'],
  Finley: ['Finn'],
  Francesca: ['Fran', 'Frankie'],
  Frederick: ['Fred', 'Freddie'],
  Gabriella: ['Gabby'],
  Georgia: ['Georgie'],
  Harrison: ['Harry'],
  Harriet: ['Hattie'],
  Imogen: ['Immy'],
  Isabella: ['Bella', 'Izzy'],
  Isabelle: ['Izzy', 'Belle'],
  Jacob: ['Jake'],
  James: ['Jim', 'Jamie', 'Jimmy'],
  Jennifer: ['Jen', 'Jenny'],
  Jessica: ['Jess', 'Jessie'],
  Jonathan: ['Jon', 'Jonny'],
  Joseph: ['Joe', 'Joey'],
  Josephine: ['Josie', 'Jo'],
  Joshua: ['Josh'],
  Katherine: ['Kate', 'Katie'],
  Kenneth: ['Ken', 'Kenny'],
  Lachlan: ['Lachie'],
  Matilda: ['Tilly', 'Tilda'],
  Matthew: ['Matt', 'Matty'],
  Michael: ['Mike', 'Mick', 'Mikey'],
  Muhammad: ['Mo', 'Mohammed'],
  Mohammed: ['Mo', 'Muhammad', 'Mohammad'],
  Natalie: ['Nat'],
  Natalia: ['Nat', 'Talia'],
  Nathan: ['Nate'],
  Nicholas: ['Nick', 'Nicky'],
  Oliver: ['Ollie', 'Olly'],
  Olivia: ['Liv', 'Livvy'],
  Patrick: ['Paddy', 'Pat'],
  Penelope: ['Penny'],
  Peter: ['Pete'],
  Rebecca: ['Becky', 'Becca'],
  Robert: ['Rob', 'Bob', 'Robbie'],
  Samantha: ['Sam', 'Sammy'],
  Samuel: ['Sam', 'Sammy'],
  Sebastian: ['Seb'],
  Sophia: ['Soph'],
  Sophie: ['Soph'],
  Stephanie: ['Steph'],
  Stephen: ['Steve'],
  Steven: ['Steve'],
  Stuart: ['Stu'],
  Tabitha: ['Tabby'],
  Theodore: ['Theo', 'Ted', 'Teddy'],
  Thomas: ['Tom', 'Tommy'],
  Victoria: ['Vicky', 'Tori'],
  William: ['Will', 'Bill', 'Billy'],
  Zachary: ['Zac', 'Zach'],
  Oluwadamilola: ['Dami'],
  Oluwaseun: ['Seun'],
  Chukwuemeka: ['Emeka'],
  Temitope: ['Temi', 'Tope'],
  Aleksandra: ['Ola'],
  Aleksander: ['Olek'],
  Jakub: ['Kuba'],
  Katarzyna: ['Kasia'],
  Agnieszka: ['Aga'],
  Zuzanna: ['Zuzia', 'Zuza'],
  Krzysztof: ['Krzys'],
  Abdullah: ['Abdul'],
};

const soundAlike: readonly (readonly [RegExp, string])[] = [
  [/ph/, 'f'],
  [/ck/, 'k'],
  [/c(?=[aou])/, 'k'],
  [/ie$/, 'y'],
  [/y$/, 'ie'],
  [/ee/, 'ea'],
  [/ll/, 'l'],
  [/nn/, 'n'],
  [/ss/, 's'],
  [/tt/, 't'],
  [/ai/, 'ay'],
  [/ei/, 'ie'],
  [/ou/, 'oo'],
  [/ey$/, 'y'],
  [/h$/, ''],
  [/s$/, 'z'],
  [/er$/, 'ar'],
  [/en$/, 'an'],
  [/on$/, 'en'],
  [/v/, 'f'],
  [/w/, 'wh'],
  [/e$/, ''],
];

export function writeRecord(
  random: Random,
  person: Person,
  when: number,
  rates: ErrorRates,
  idShare: number,
): WrittenRecord {
  const at = <T>(items: readonly T[]): T =>
    items[Math.min(items.length - 1, Math.floor(when * items.length))] as T;
  const address = at(person.addresses);
  const record: WrittenRecord = {
    given: person.given,
    family: at(person.families),
    birthDate: writtenDate(person.birthDate),
    sex: person.sex,
    ...address,
    chi: random.happens(idShare) ? person.chi : '',
  };
  writeGiven(random, person, record, rates);
  writeFamily(random, record, rates);
  writeDate(random, record, rates);
  writePlace(random, record, rates);
  if (random.happens(rates.sexWrong)) record.sex = record.sex === 'F' ? 'M' : 'F';
  if (record.chi !== '' && random.happens(rates.digitWrongInId)) record.chi = changeDigit(random, record.chi);
  if (record.chi !== '' && random.happens(rates.numberGivenAnew)) writeNumberAnew(random, person, record);
  if (random.happens(rates.namesSwapped)) [record.given, record.family] = [record.family, record.given];
  return record;
}

function writeGiven(random: Random, person: Person, record: WrittenRecord, rates: ErrorRates): void {
  const shorts = shortForms[record.given];
  if (shorts !== undefined && random.happens(rates.shortForm)) record.given = random.pick(shorts);
  if (random.happens(rates.middleNameInstead)) record.given = person.middle;
  if (random.happens(rates.typingErrorInForename)) record.given = mistype(random, record.given);
  if (random.happens(rates.soundErrorInForename)) record.given = misspell(random, record.given);
  if (random.happens(person.usesMiddle ? 0.5 : rates.middleNameAdded)) record.given += ` ${person.middle}`;
  if (random.happens(rates.forenameInitial)) record.given = record.given.slice(0, 1);
  if (random.happens(rates.forenameMissing)) record.given = random.pick(['', '', 'Unknown', 'Baby']);
}

function writeFamily(random: Random, record: WrittenRecord, rates: ErrorRates): void {
  if (random.happens(rates.typingErrorInSurname)) record.family = mistype(random, record.family);
  if (random.happens(rates.soundErrorInSurname)) record.family = misspell(random, record.family);
  if (record.family.includes('-') && random.happens(0.3)) record.family = record.family.replace('-', ' ');
  if (/^Mc[A-Z]/.test(record.family) && random.happens(0.05))
    record.family = record.family.replace('Mc', 'Mac');
  if (random.happens(0.1)) record.family = record.family.toUpperCase();
  if (random.happens(0.1)) record.family = record.family.replace("'", '');
  if (random.happens(0.3))
    record.family = record.family.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('ł', 'l');
}

/** Mostly because the date of birth was corrected, with which the number begins. */
function writeNumberAnew(random: Random, person: Person, record: WrittenRecord): void {
  const days = random.happens(0.7) ? 1 + random.below(27) : 0;
  const date = new Date(person.birthDate.getTime() + days * dayMs);
  if (days > 0) record.birthDate = writtenDate(date);
  record.chi = makeChi(random, date, person.sex, new Set([person.chi]));
}

function writtenDate(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}

function writeDate(random: Random, record: WrittenRecord, rates: ErrorRates): void {
  const [year, month, day] = [
    record.birthDate.slice(0, 4),
    record.birthDate.slice(4, 6),
    record.birthDate.slice(6),
  ];
  if (random.happens(rates.dateInPart))
    record.birthDate = random.pick([
      `${year}${month}01`,
      `${year}-${month}`,
      `${year}${month}15`,
      `${year}0101`,
    ]);
  else if (random.happens(rates.dateWrong)) {
    record.birthDate = random.pick([
      `${year}${day}${month}`,
      `${Number(year) + random.pick([-1, 1])}${month}${day}`,
      changeDigit(random, record.birthDate),
      `${year}${month}${String(1 + random.below(28)).padStart(2, '0')}`,
    ]);
  }
  if (random.happens(rates.dateMissing)) record.birthDate = '';
}

function writePlace(random: Random, record: WrittenRecord, rates: ErrorRates): void {
  if (random.happens(0.2)) record.postcode = record.postcode.replace(' ', '');
  if (random.happens(rates.typingErrorInPostcode)) record.postcode = mistype(random, record.postcode);
  if (random.happens(rates.postcodePseudo)) record.postcode = 'ZZ99 3VZ';
  if (random.happens(rates.postcodeMissing)) record.postcode = '';
  if (random.happens(0.15))
    record.street = record.street.replace('Street', 'St').replace('Road', 'Rd').replace('Avenue', 'Ave');
  if (random.happens(rates.typingErrorInStreet)) record.street = mistype(random, record.street);
  if (random.happens(rates.typingErrorInNumber)) record.number = changeDigit(random, record.number);
  if (random.happens(rates.addressMissing)) record.number = record.street = '';
}

/** One letter dropped, doubled, changed, added or swapped with its neighbour. */
function mistype(random: Random, text: string): string {
  if (text.length < 2) return text;
  const at = random.below(text.length);
  const letter = String.fromCharCode(97 + random.below(26));
  const [before, here, after] = [text.slice(0, at), text[at] ?? '', text.slice(at + 1)];
  return random.pick([
    before + after,
    before + here + text.slice(at),
    before + letter + after,
    before + letter + text.slice(at),
    before + after.slice(0, 1) + here + after.slice(1),
  ]);
}

function misspell(random: Random, text: string): string {
  const fitting = soundAlike.filter(([pattern]) => pattern.test(text.toLowerCase()));
  if (fitting.length === 0) return mistype(random, text);
  const [pattern, sound] = random.pick(fitting);
  return text.toLowerCase().replace(pattern, sound);
}

function changeDigit(random: Random, digits: string): string {
  if (digits === '') return digits;
  const at = random.below(digits.length);
  return digits.slice(0, at) + String(random.below(10)) + digits.slice(at + 1);
}
