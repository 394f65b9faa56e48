/**
 * Positions in receipt streams, and versions of the directory: numbers that others remember.
 *
 * A store that was restored from a backup has forgotten those that it gave since. Would it count on from where the backup
 * ends, it would give them again, for something else, and whoever remembers the first would take the second as known.
 */

/**
 * The number that comes after the last one, and after all that were given before now, forgotten ones included, as long as
 * no more than one a millisecond is needed and the clock goes on.
 * @param at when the commit is made, ms since 1970
 */
export function laterNumber(last: number, at: number): number {
  return Math.max(last + 1, at);
}
