/** Dates of birth, whole or in part. */

/** What is known of a date: numbers, or undefined where nothing is stated. */
export type BirthDate = {
  readonly year: number;
  readonly month: number | undefined;
  readonly day: number | undefined;
};

type DateParts = readonly [number, (number | undefined)?, (number | undefined)?];

const forms: readonly [RegExp, (parts: readonly number[]) => DateParts][] = [
  [/^(\d{4})-?(\d{2})-?(\d{2})(?:T.*)?$/, ([y = 0, m, d]) => [y, m, d]],
  [/^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/, ([y = 0, m, d]) => [y, m, d]],
  [/^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$/, ([d, m, y = 0]) => [y, m, d]],
  [/^(\d{4})[-/.](\d{1,2})$/, ([y = 0, m]) => [y, m]],
  [/^(\d{1,2})[-/.](\d{4})$/, ([m, y = 0]) => [y, m]],
  [/^(\d{4})$/, ([y = 0]) => [y]],
];

/**
 * Reads a date of birth: `2015-03-04`, `20150304`, `04/03/2015` (day first), or the part that is known: `2015-03`,
 * `2015`. A part that no calendar has, such as month 00, counts as not stated.
 * @returns undefined when no year can be read, or for the placeholder 1900-01-01
 */
export function readBirthDate(text: string): BirthDate | undefined {
  const trimmed = text.trim();
  for (const [pattern, order] of forms) {
    const match = pattern.exec(trimmed);
    if (match === null) continue;
    const [year, month, day] = order(match.slice(1).map(Number));
    return plausible(year, month, day);
  }
  return undefined;
}

function plausible(year: number, month?: number, day?: number): BirthDate | undefined {
  if (year < 1880 || year > 2200 || (year === 1900 && month === 1 && day === 1)) return undefined;
  if (month === undefined || month < 1) return { year, month: undefined, day: undefined };
  if (month > 12) {
    // Only a day stands beyond 12: the two were swapped by whoever wrote it down.
    const swapped = day !== undefined && day >= 1 && day <= 12 && month <= 31;
    return { year, month: swapped ? day : undefined, day: swapped ? month : undefined };
  }
  return { year, month, day: day !== undefined && day >= 1 && day <= 31 ? day : undefined };
}

const two = (value: number): string => String(value).padStart(2, '0');

/**
 * The readings of each part that a token may stand for, the written one first; empty where something is missing.
 * Month and day go with the decade, or a child named after a parent would share them on a common birthday.
 */
export function readBirthParts(date: BirthDate | undefined) {
  if (date?.month === undefined) return { whole: [], yearMonth: [], yearDay: [], monthDay: [] };
  const { year, month, day } = date;
  const yearMonth = [`${year}-${two(month)}`];
  if (day === undefined) return { whole: [], yearMonth, yearDay: [], monthDay: [] };
  const whole = [`${year}-${two(month)}-${two(day)}`];
  if (day <= 12 && day !== month) whole.push(`${year}-${two(day)}-${two(month)}`);
  return {
    whole,
    yearMonth,
    yearDay: [`${year}--${two(day)}`],
    monthDay: [`${Math.floor(year / 10)}x-${two(month)}-${two(day)}`, `--${two(month)}-${two(day)}`],
  };
}
