const hourMs = 3_600_000;
const minuteMs = 60_000;

/**
 * How much a client has asked for in the hour past: a sliding window, carried over restarts by the record. What lies an
 * hour ahead is from before the clock was set back, and counts no more than what is an hour old.
 */
export class HourlyBudget {
  readonly #limit: number;
  readonly #spent = new Map<string, { at: number; evaluations: number }[]>();
  /** When each kind of refusal of each client was last news. */
  readonly #refused = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a request, unless it would go over the limit. @returns whether it may be evaluated */
  spend(client: string, evaluations: number, nowMs: number): boolean {
    const recent = (this.#spent.get(client) ?? []).filter(({ at }) => isWithinHour(at, nowMs));
    const sum = recent.reduce((total, { evaluations: count }) => total + count, 0);
    this.#spent.set(client, recent);
    if (sum + evaluations > this.#limit) return false;
    recent.push({ at: nowMs, evaluations });
    return true;
  }

  /**
   * Whether a refusal is news: one a minute goes on record, so that asking on and on fills no disk.
   * @param client undefined for all together who are unknown
   */
  isNews(code: string, client: string | undefined, nowMs: number): boolean {
    const kind = `${code}\n${client ?? ''}`;
    const last = this.#refused.get(kind);
    if (last !== undefined && Math.abs(nowMs - last) < minuteMs) return false;
    this.#refused.set(kind, nowMs);
    return true;
  }
}

/** Whether what was asked for at one time still counts at another, ms since 1970. */
export function isWithinHour(at: number, nowMs: number): boolean {
  return Math.abs(nowMs - at) < hourMs;
}
