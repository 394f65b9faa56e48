/**
 * Takes payloads away when the agreement's time for them is over, in the order of acceptance, a few at a time.
 *
 * There is a pass for every period of the agreement. Each has a mark in the store: up to there, nothing is left that
 * this period could still take. What is accepted is looked at when the period has passed since; a message that came
 * to its end later holds the mark until its own time is over, so a pass never reads again more than messages lived.
 * Other rules have other marks: after a change everything is looked at anew. One gateway sweeps at a time.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../protocol/ids.ts';
import { distinctPeriods, periodsFor, type RetentionRules } from '../policy/retention.ts';
import type { KeptPayload, Lease, Store } from '../store/port.ts';

export type RetentionSweepDependencies = {
  readonly store: Pick<
    Store,
    'readPayloads' | 'retirePayloads' | 'readMarks' | 'setMarks' | 'takeLease' | 'releaseLease'
  >;
  readonly now: () => number;
  /** The agreement in force. */
  readonly policy: () => { readonly digest: Digest; readonly retention: RetentionRules | undefined };
  readonly onError: (error: unknown) => void;
  /** Told how many payloads a sweep took, where it took any. */
  readonly onRetired: (count: number) => void;
};

type Work = { readonly rules: RetentionRules; readonly policy: Digest; readonly now: number };

const leaseName = 'retention';
const leaseMs = 60_000;
const everyMs = 3_600_000;
const portion = 500;
/** What goes in one commit: little enough that nobody waits for it. */
const batch = { payloads: 100, bytes: 4 * 1024 * 1024 } as const;
/** Between two portions, so that a long sweep leaves the store to others. */
const pauseMs = 20;

export class RetentionSweep {
  readonly #deps: RetentionSweepDependencies;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: RetentionSweepDependencies) {
    this.#deps = deps;
  }

  /** Sweeps now, and then every hour. */
  start(): void {
    const run = (): void => {
      this.#running ??= this.#run().finally(() => (this.#running = undefined));
    };
    this.#timer = setInterval(run, everyMs).unref();
    run();
  }

  /** Ends after the commit that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  /**
   * Sweeps once.
   * @returns how many payloads went; 0 also while another gateway is at it
   * @throws CausewayError `store-unavailable`, `lease-lost`; the next sweep goes on from the marks
   */
  async sweep(): Promise<number> {
    const { store, now, policy } = this.#deps;
    const { digest, retention: rules } = policy();
    if (rules === undefined) return 0;
    const lease = await store.takeLease(leaseName, leaseMs);
    if (lease === undefined) return 0;
    let count = 0;
    try {
      const work = { rules, policy: digest, now: now() };
      for (const period of distinctPeriods(rules)) count += await this.#pass(period, work);
    } finally {
      await store.releaseLease(lease);
    }
    return count;
  }

  async #run(): Promise<void> {
    try {
      const count = await this.sweep();
      if (count > 0) this.#deps.onRetired(count);
    } catch (error) {
      this.#deps.onError(error);
    }
  }

  /** Everything that was accepted at least one period ago and is not behind the period's mark. */
  async #pass(period: number, work: Work): Promise<number> {
    const { store } = this.#deps;
    const name = markName(work.rules, period);
    let mark = (await store.readMarks()).get(name) ?? 0;
    let isHeld = false;
    let count = 0;
    for (let after = mark; !this.#isClosed;) {
      const { payloads, through } = await store.readPayloads(after, portion, work.now - period);
      if (through === after) break;
      const lease = await store.takeLease(leaseName, leaseMs);
      if (lease === undefined) break;
      count += await this.#retire(
        payloads.filter((payload) => dueAt(payload, work.rules) <= work.now),
        work,
        lease,
      );
      const held = payloads.find((payload) => holds(payload, period, work));
      if (!isHeld) {
        mark = held === undefined ? through : held.position - 1;
        await store.setMarks(new Map([[name, mark]]), lease);
      }
      isHeld ||= held !== undefined;
      after = through;
      await sleep(pauseMs);
    }
    return count;
  }

  async #retire(payloads: readonly KeptPayload[], { policy }: Work, lease: Lease): Promise<number> {
    let count = 0;
    for (const positions of batchesOf(payloads)) {
      const record = { kind: 'payload.retired', policy };
      count += await this.#deps.store.retirePayloads(positions, record, lease);
    }
    return count;
  }
}

/** When its time is over; never while it is under way. */
function dueAt({ category, endedAt, isStored }: KeptPayload, rules: RetentionRules): number {
  const { stored, undelivered } = periodsFor(rules, category);
  return endedAt === null ? Infinity : endedAt + (isStored ? stored : undelivered);
}

/** True where this period may still be the one that takes it. A longer one comes by in a pass of its own. */
function holds(payload: KeptPayload, period: number, { rules, now }: Work): boolean {
  if (dueAt(payload, rules) <= now) return false;
  const { stored, undelivered } = periodsFor(rules, payload.category);
  if (payload.endedAt === null) return Math.min(stored, undelivered) <= period;
  return (payload.isStored ? stored : undelivered) <= period;
}

function* batchesOf(payloads: readonly KeptPayload[]): Generator<number[]> {
  let positions: number[] = [];
  let bytes = 0;
  for (const { position, unitBytes } of payloads) {
    if (positions.length >= batch.payloads || (positions.length > 0 && bytes + unitBytes > batch.bytes)) {
      yield positions;
      positions = [];
      bytes = 0;
    }
    positions.push(position);
    bytes += unitBytes;
  }
  if (positions.length > 0) yield positions;
}

/** Names rules and period: a mark holds only for the rules under which it was set. */
function markName({ payloads, categories }: RetentionRules, period: number): string {
  const own = [...categories].sort(([a], [b]) => (a < b ? -1 : 1));
  const rules = createHash('sha256')
    .update(JSON.stringify([payloads, own]))
    .digest('base64url');
  return `retention.${rules.slice(0, 12)}.${period}`;
}
