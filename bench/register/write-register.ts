/** Writes a register of invented households in the form of FEBRL. */
import { errorRates, writeRecord, type ErrorRates } from './errors.ts';
import { makePeople } from './families.ts';
import { Random } from './random.ts';

/** What `generate-register.ts` documents, as numbers. */
export const registerDefaults = {
  seed: 1,
  people: 8_000,
  records: 2.5,
  errors: 1,
  ids: 0.4,
  twins: 0.04,
  nearTwinNames: 0.15,
  moves: 0.4,
  steepness: 0.9,
  rare: 0.06,
};
export type RegisterOptions = typeof registerDefaults;

const header =
  'rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id, sex, chi, origin, household';

/** The register as text: a header, then one record a line, in no order. */
export function generateRegister(options: RegisterOptions): string {
  const random = new Random(options.seed);
  const people = makePeople(random, options.people, {
    steepness: options.steepness,
    rareShare: options.rare,
    twinShare: options.twins,
    nearTwinNames: options.nearTwinNames,
    moves: options.moves,
    newSurname: { F: 0.0567 * 2, M: 0.0134 * 2 },
    handedDown: 0.05,
  });
  const rates = Object.fromEntries(
    Object.entries(errorRates).map(([name, rate]) => [name, Math.min(1, rate * options.errors)]),
  ) as ErrorRates;
  const lines: string[] = [];
  for (const person of people) {
    const idShare = random.happens(options.ids) ? 0.95 : 0;
    const continues = 1 - 1 / options.records;
    let count = 1;
    while (count < 8 && random.happens(continues)) count++;
    for (let copy = 0; copy < count; copy++) {
      const written = writeRecord(random, person, random.next(), rates, idShare);
      const id = copy === 0 ? `rec-${person.entity}-org` : `rec-${person.entity}-dup-${copy - 1}`;
      const { given, family, number, street, town, postcode, birthDate, sex, chi } = written;
      lines.push(
        [
          id,
          given,
          family,
          number,
          street,
          '',
          town,
          postcode,
          'sct',
          birthDate,
          '',
          sex,
          chi,
          person.origin,
          person.household,
        ].join(', '),
      );
    }
  }
  for (let at = lines.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? ''];
  }
  return [header, ...lines, ''].join('\n');
}
