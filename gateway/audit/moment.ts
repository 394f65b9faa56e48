/** Times as people give them. */

const dayMs = 24 * 3600_000;
const units: Readonly<Record<string, number>> = { m: 60_000, h: 3600_000, d: dayMs };

/**
 * Reads `2026-11-23`, `2026-11-23T09:30`, with seconds and a zone where wanted (UTC otherwise), or a span before now
 * such as `24h` or `7d`.
 * @param end true for the end of a period: a day then counts whole
 * @returns ms since 1970; undefined when the text is no time
 */
export function parseMoment(text: string, now: number, end = false): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (units[unit] ?? 0);
  const [, day, time, zone = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text) ??
    [];
  if (day === undefined) return undefined;
  const at = Date.parse(time === undefined ? `${day}T00:00Z` : `${day}T${time}${zone}`);
  // Date.parse takes the 31st of April for the first of May.
  const isReal = new Date(Date.parse(`${day}T00:00Z`)).toISOString().startsWith(day);
  if (Number.isNaN(at) || !isReal) return undefined;
  return time === undefined && end ? at + dayMs : at;
}
