/** Rounds a figure for people. */
export function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}
