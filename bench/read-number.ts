/** How a benchmark reads the numbers that its options are given. */
import { endUsage } from './command-line.ts';

/** What an option's number may be, the bounds included. */
export type Range = { readonly least: number; readonly most?: number; readonly isWhole?: boolean };

/** How many there are of something that cannot be absent. */
export const count: Range = { least: 1, isWhole: true };
/** How many there are of something that may be absent. */
export const countOrNone: Range = { least: 0, isWhole: true };
export const share: Range = { least: 0, most: 1 };
export const multiplier: Range = { least: 0 };
/** The generators of chance keep 32 bits: a greater seed would be the same as a lesser one. */
export const seed: Range = { least: 0, most: 2 ** 32 - 1, isWhole: true };
/** Seconds. */
export const duration: Range = { least: 0.1 };

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;

/** Reads a number in decimal notation. Ends the process where the text is none, or one beyond the range. */
export function readNumber(option: string, text: string, range: Range): number {
  const value = numberIn(text, range);
  return value ?? endUsage(`--${option} takes ${wordsOf(range)}, not '${text}'`);
}

/** Reads counts parted by commas, such as `1000,20000`. Ends the process where they do not rise. */
export function readRisingCounts(option: string, text: string): number[] {
  const counts = text.split(',').flatMap((part) => numberIn(part, count) ?? []);
  const rise = counts.every((value, at) => at === 0 || value > (counts[at - 1] ?? 0));
  if (rise && counts.length === text.split(',').length) return counts;
  return endUsage(`--${option} takes whole numbers of at least 1 that rise, parted by commas, not '${text}'`);
}

function numberIn(text: string, { least, most = Infinity, isWhole = false }: Range): number | undefined {
  const value = decimal.test(text) ? Number(text) : NaN;
  const fits = Number.isFinite(value) && value >= least && value <= most;
  return fits && (!isWhole || Number.isSafeInteger(value)) ? value : undefined;
}

function wordsOf({ least, most, isWhole = false }: Range): string {
  const bounds = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  return `a ${isWhole ? 'whole ' : ''}number ${bounds}`;
}
