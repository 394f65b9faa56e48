/** How the command line describes the population of an endless stream: `parseArgs` options, and what they say. */
import { count, readNumber, seed } from '../read-number.ts';
import type { Population } from './endless.ts';

export const populationOptions = {
  children: { type: 'string', default: '5000' },
  'per-day': { type: 'string', default: '40' },
  seed: { type: 'string', default: '1' },
} as const;

/** Ends the process where a number is not what its option takes. */
export function populationOf(values: Readonly<Record<keyof typeof populationOptions, string>>): Population {
  return {
    children: readNumber('children', values.children, count),
    noticesPerDay: readNumber('per-day', values['per-day'], { least: 1 }),
    seed: readNumber('seed', values.seed, seed),
  };
}
