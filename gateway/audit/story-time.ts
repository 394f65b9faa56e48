/** Times of the story of a case: those of the agencies' own clocks. */
const zone = 'Europe/London';
const days = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'full' });
const clocks = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium' });
const moments = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'long', timeStyle: 'short' });

/** `Monday 30 November 2026` @param at ms since 1970, as those that follow */
export function dayOf(at: number): string {
  return days.format(at);
}

/** `13:05:09` */
export function clockOf(at: number): string {
  return clocks.format(at);
}

/** `30 November 2026 at 13:05` */
export function momentOf(at: number): string {
  return moments.format(at);
}
