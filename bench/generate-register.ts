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
import { readCommandLine, takeNamed } from './command-line.ts';
import { count, multiplier, readNumber, seed, share, type Range } from './read-number.ts';
import { generateRegister, registerDefaults, type RegisterOptions } from './register/write-register.ts';

const { values } = readCommandLine({
  options: {
    seed: { type: 'string' },
    people: { type: 'string' },
    records: { type: 'string' },
    errors: { type: 'string' },
    ids: { type: 'string' },
    twins: { type: 'string' },
    'near-twin-names': { type: 'string' },
    moves: { type: 'string' },
    steepness: { type: 'string' },
    rare: { type: 'string' },
    out: { type: 'string' },
  },
});

const { out } = values;
const read = (option: Exclude<keyof typeof values, 'out'>, otherwise: number, range: Range): number =>
  readNumber(option, values[option] ?? String(otherwise), range);
const options: RegisterOptions = {
  seed: read('seed', registerDefaults.seed, seed),
  people: read('people', registerDefaults.people, count),
  records: read('records', registerDefaults.records, { least: 1 }),
  errors: read('errors', registerDefaults.errors, multiplier),
  ids: read('ids', registerDefaults.ids, share),
  twins: read('twins', registerDefaults.twins, share),
  nearTwinNames: read('near-twin-names', registerDefaults.nearTwinNames, share),
  moves: read('moves', registerDefaults.moves, share),
  steepness: read('steepness', registerDefaults.steepness, multiplier),
  rare: read('rare', registerDefaults.rare, share),
};
const text = generateRegister(options);
if (out === undefined) process.stdout.write(text);
else await takeNamed(() => writeFileSync(out, text));
