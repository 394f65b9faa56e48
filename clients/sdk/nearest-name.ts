/** Finds the name that somebody probably meant. */

/** The candidate within two slips of the pen (one for short names), or `undefined`. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  // Longer strings cannot be near to a field's name and would only cost time.
  if (name.length > 64) return undefined;
  const allowed = name.length <= 4 ? 1 : 2;
  const ranked = candidates
    .map((candidate) => ({ candidate, slips: countSlips(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ slips }) => slips <= allowed)
    .sort((a, b) => a.slips - b.slips);
  return ranked[0]?.candidate;
}

/** Levenshtein distance: letters added, left out or changed. */
function countSlips(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
