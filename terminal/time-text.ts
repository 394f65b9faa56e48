/**
 * Times as people are shown them: in UTC, and with a Z that says so, so that a line means the same wherever the computer
 * stands and can be laid beside a log. Only the story of a case has the agencies' own clock, and says so. What is
 * written for programs has ISO 8601.
 */

/** `2026-11-23 09:30:00Z`; seconds are cut, not rounded. @param time a date, or ms since 1970, as those that follow */
export function timeText(time: Date | number): string {
  return `${cut(time, 19)}Z`;
}

/** `2026-11-23 09:30Z` */
export function minuteText(time: Date | number): string {
  return `${cut(time, 16)}Z`;
}

/** `09:30:00Z`, where the day is clear. */
export function clockText(time: Date | number): string {
  return `${cut(time, 19).slice(11)}Z`;
}

function cut(time: Date | number, length: number): string {
  return new Date(time).toISOString().slice(0, length).replace('T', ' ');
}
