/** How the command line describes the population of an endless stream: `parseArgs` options, and what they say. */
import type { Population } from './endless.ts';

export const populationOptions = {
  children: { type: 'string', default: '5000' },
  'per-day': { type: 'string', default: '40' },
  seed: { type: 'string', default: '1' },
} as const;

export function populationOf(values: Readonly<Record<keyof typeof populationOptions, string>>): Population {
  return {
    children: Number(values.children),
    noticesPerDay: Number(values['per-day']),
    seed: Number(values.seed),
  };
}
