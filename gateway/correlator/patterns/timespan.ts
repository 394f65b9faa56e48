/** Spans of time as Sigma writes them: a number and a letter. */

const unitsMs: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const form = /^(\d{1,6})([smhdw])$/;

export const timespanForm = 'must be a number with s, m, h, d or w after it, such as 30d';

/** `30d` in milliseconds; `undefined` for anything else. A week is ours, the other letters are Sigma's. */
export function parseTimespan(text: string): number | undefined {
  const [, count, unit] = form.exec(text) ?? [];
  return count === undefined || unit === undefined
    ? undefined
    : Number(count) * (unitsMs[unit] ?? Number.NaN);
}

/** Milliseconds in the largest unit that divides them: `30d`. */
export function formatTimespan(ms: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = unitsMs[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms / 1000)}s`;
}
