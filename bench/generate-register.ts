/**
 * Makes a register of invented households in the form of FEBRL, the truth in `rec_id`.
 *
 *     node bench/generate-register.ts [--seed N] [--people N] [--out FILE] …
 *
 * | Option                | Default | What it sets                                                        |
 * | --------------------- | ------- | ------------------------------------------------------------------- |
 * | `--seed N`            | 1       | the same seed gives the same register                               |
 * | `--people N`          | 8000    | children, and here and there a parent                               |
 * | `--records R`         | 2.5     | records a person, on average; at most 8                             |
 * | `--errors X`          | 1       | multiplies every error rate of `register/errors.ts`                 |
 * | `--ids P`             | 0.4     | the share of people whose records have a CHI number                 |
 * | `--twins P`           | 0.04    | the share of children that are one of twins                         |
 * | `--near-twin-names P` | 0.15    | the share of twins of one sex named much alike                      |
 * | `--moves P`           | 0.4     | the chance that a family moves, and moves again                     |
 * | `--steepness S`       | 0.9     | how steep the frequencies of names fall by rank                     |
 * | `--rare P`            | 0.06    | the share of names that are in no list                              |
 * | `--out FILE`          | stdout  | where to write                                                      |
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { errorRates, writeRecord, type ErrorRates } from './register/errors.ts';
import { makePeople } from './register/families.ts';
import { Random } from './register/random.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    people: { type: 'string', default: '8000' },
    records: { type: 'string', default: '2.5' },
    errors: { type: 'string', default: '1' },
    ids: { type: 'string', default: '0.4' },
    twins: { type: 'string', default: '0.04' },
    'near-twin-names': { type: 'string', default: '0.15' },
    moves: { type: 'string', default: '0.4' },
    steepness: { type: 'string', default: '0.9' },
    rare: { type: 'string', default: '0.06' },
    out: { type: 'string' },
  },
});

const header =
  'rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id, sex, chi, origin, household';

function generate(): string {
  const random = new Random(Number(values.seed));
  const people = makePeople(random, Number(values.people), {
    steepness: Number(values.steepness),
    rareShare: Number(values.rare),
    twinShare: Number(values.twins),
    nearTwinNames: Number(values['near-twin-names']),
    moves: Number(values.moves),
    newSurname: { F: 0.0567 * 2, M: 0.0134 * 2 },
    handedDown: 0.05,
  });
  const rates = Object.fromEntries(
    Object.entries(errorRates).map(([name, rate]) => [name, Math.min(1, rate * Number(values.errors))]),
  ) as ErrorRates;
  const lines: string[] = [];
  for (const person of people) {
    const idShare = random.happens(Number(values.ids)) ? 0.95 : 0;
    const continues = 1 - 1 / Number(values.records);
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

const text = generate();
if (values.out === undefined) process.stdout.write(text);
else writeFileSync(values.out, text);
