/** Synthetic people for property tests, and what becomes of their tokens. */
import fc from 'fast-check';
import { SubjectTokeniser } from '../../../../clients/sdk/linkage/subject-tokens.ts';
import type { SubjectDetails } from '../../../../clients/sdk/linkage/subject.ts';
import { decideLink, type Link } from '../../../../protocol/linkage/tier.ts';

export const tokeniser = new SubjectTokeniser({ epoch: 1, secret: Buffer.alloc(32, 7) });

export function link(left: SubjectDetails, right: SubjectDetails): Link {
  return decideLink(tokeniser.tokensOf(left), tokeniser.tokensOf(right));
}

/** Forenames that no table takes for one another. */
export const distinctForenames = [
  'Jack', 'John', 'Aiden', 'Hayden', 'Ella', 'Emma', 'Olivia', 'Oliver', 'Hassan', 'Hussain', 'Zuzanna', 'Kacper',
  'Niamh', 'Ruaridh', 'Daniel', 'Danielle', 'Jayden', 'Kayden', 'Mia', 'Maya', 'Isla', 'Ayla', 'Alexander', 'Alexandra',
  'Ava', 'Eva', 'Oisin', 'Roisin', 'Ling', 'Ming', 'Taiwo', 'Kehinde', 'Jake', 'Kian', 'Muhammad Ali',
  'Muhammad Hassan', 'Jia Yi', 'Jia Hao', 'Mary-Kate', 'Mary Anne', 'Thi Mai', 'Thi Lan', 'Harjot', 'Harjit', 'Raheel',
  'Raheem', 'Xinyi', 'Xinyu', 'Finn', 'Finlay',
] as const; // prettier-ignore

const families = [
  'Smith',
  'Khan',
  "O'Neill",
  'Kowalski',
  'MacDonald',
  'Smith-Jones',
  'Adeyemi',
  'James',
  'Ali',
];

export const arbitraryPerson: fc.Arbitrary<SubjectDetails> = fc.record(
  {
    given: fc.constantFrom(...distinctForenames),
    family: fc.constantFrom(...families),
    birthDate: fc
      .date({ min: new Date('2005-01-01'), max: new Date('2026-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
    postcode: fc.constantFrom('ML3 0AB', 'ML1 2CD', 'G12 8QQ', 'ZZ99 3VZ'),
    address: fc.constantFrom('12 High Street', '7 Mill Lane', '120 Station Rd'),
    chi: fc.constantFrom('0101151234', '0202161234'),
  },
  { requiredKeys: ['given', 'family', 'birthDate'] },
);
