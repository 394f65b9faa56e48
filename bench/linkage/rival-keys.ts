/** What others link by, on the same records: exact matching, SLK-581, and match-keys after the 2021 census. */
import { readBirthDate } from '../../clients/sdk/linkage/birth-date.ts';
import { findLongForms } from '../../clients/sdk/linkage/short-forms.ts';
import { readPostcode } from '../../clients/sdk/linkage/place.ts';
import { readWords } from '../../clients/sdk/linkage/words.ts';
import type { SubjectDetails } from '../../clients/sdk/linkage/subject.ts';

/** A record's keys; two records that share one are linked. A key with a missing component is left out. */
export type RivalKeys = (subject: SubjectDetails) => string[];

type Plain = { given: string; family: string; date: string; sex: string; postcode: string; house: string };

function readPlain(subject: SubjectDetails): Plain {
  const { year, month, day } = readBirthDate(subject.birthDate ?? '') ?? {};
  return {
    given: (readWords(subject.given ?? '')[0] ?? []).join(''),
    family: readWords(subject.family ?? '')
      .flat()
      .join(''),
    date: day === undefined || month === undefined || year === undefined ? '' : `${year}-${month}-${day}`,
    sex: subject.sex ?? '',
    postcode: readPostcode(subject.postcode ?? '') ?? '',
    house: /\d+/.exec(subject.address ?? '')?.[0] ?? '',
  };
}

const whole = (...parts: readonly string[]): string[] => (parts.includes('') ? [] : [parts.join('|')]);

export const exactKeys: RivalKeys = (subject) => {
  const { given, family, date } = readPlain(subject);
  return whole(given, family, date);
};

/** Letters 2, 3 and 5 of the family name, 2 and 3 of the given name; short ones filled with 2, missing ones with 9. */
export const slk581Keys: RivalKeys = (subject) => {
  const { given, family, date, sex } = readPlain(subject);
  const letters = (name: string, places: readonly number[]): string =>
    places.map((place) => (name === '' ? '9' : (name[place - 1] ?? '2'))).join('');
  return whole(letters(family, [2, 3, 5]) + letters(given, [2, 3]), date, sex === '' ? '9' : sex);
};

/** After `ccslink/Parameters.py` of `Data-Linkage/ccslink`; sex where the register has it. */
export const censusKeys: RivalKeys = (subject) => {
  const { given, family, date, sex: stated, postcode, house } = readPlain(subject);
  const sex = stated === '' ? '-' : stated;
  const sorted = Array.from(given + family)
    .sort()
    .join('');
  const long = [...findLongForms(given)].sort()[0] ?? given;
  return [
    ...whole('names', given, family, postcode, date, sex),
    ...whole('letters', sorted, postcode, date, sex),
    ...whole('nickname', long, family, postcode, date, sex),
    ...whole('soundex', soundex(given), soundex(family), postcode, date, sex),
    ...whole('either order', [given, family].sort().join(' '), postcode, date, sex),
    ...whole('initial', given.slice(0, 1), family, postcode, date, sex),
    ...whole('near postcode', given, family, postcode.slice(0, -1), date, sex),
    ...whole('sector', given, family, postcode.slice(0, -2), house, date, sex),
  ];
};

const soundexDigits: Readonly<Record<string, string>> = Object.fromEntries(
  ['bfpv', 'cgjkqsxz', 'dt', 'l', 'mn', 'r'].flatMap((letters, at) =>
    Array.from(letters, (letter) => [letter, String(at + 1)]),
  ),
);

function soundex(name: string): string {
  if (name === '') return '';
  let code = name.slice(0, 1);
  let last = soundexDigits[code] ?? '';
  for (const letter of name.slice(1)) {
    const digit = soundexDigits[letter] ?? '';
    if (digit !== '' && digit !== last) code += digit;
    if (letter !== 'h' && letter !== 'w') last = digit;
  }
  return code.padEnd(4, '0').slice(0, 4);
}
