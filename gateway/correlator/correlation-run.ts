/**
 * The correlator at work on a store: reads what was accepted since it last looked, and hands on what that raises.
 *
 * What it knows is built from history when it first looks, as far back as what was told is remembered, and grows from
 * then on.
 * Two marks in the store say how far alerts have been sent. One gateway looks at a time, under a lease; the others
 * catch up when their turn comes. An alert is handed on again until that has succeeded, and has the same id each time.
 *
 * The gateway's sockets share its thread: a long catching-up lets them have their turn every few milliseconds, also
 * within one notice, which costs as much as its tokens have in common with those of others.
 */
import { CausewayError } from '../../protocol/errors.ts';
import { erasureMark, type Lease, type Store } from '../store/port.ts';
import { alertKey, type Alert } from './alert.ts';
import { Correlator, type Outcome } from './correlator.ts';
import { messageKey } from './event.ts';
import { newsOf } from './late-news.ts';
import { LinkIndex } from './link-index.ts';
import type { ReadPortion } from './look-progress.ts';
import { PatternIndex } from './pattern-index.ts';
import type { Pattern } from './patterns/pattern.ts';
import { placeBeyondLog, positionMark } from './place-beyond-log.ts';
import { readHistory } from './read-history.ts';
import type { Renew } from './renew.ts';
import type { Steps } from './steps.ts';
import type { Agreement, StoredEvent } from './stored-event.ts';
import { StuckAlerts, type LetGo } from './stuck-alerts.ts';
import { Turn } from './turn.ts';
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';

export type RunStore = Pick<
  Store,
  'readAcceptances' | 'countLeaves' | 'readMarks' | 'setMarks' | 'takeLease' | 'releaseLease'
>;

export type RunDependencies = {
  readonly store: RunStore;
  readonly now: () => number;
  readonly agreement: Agreement;
  readonly patterns: readonly Pattern[];
  /**
   * Sends an alert; one that was sent before is left alone.
   * @returns false where it is stuck: it can be neither sent nor recorded, for a reason of its own
   */
  readonly send: (alert: Alert, lease: Lease) => Promise<boolean>;
  /** Told of an alert that was stuck and is not tried any more. */
  readonly letGo?: (alert: Alert, why: LetGo) => void;
  /** Whether an alert was sent, by whichever gateway. */
  readonly wasSent: (alert: Alert) => Promise<boolean>;
  /** Shown every message of history and every new one, each once and in the order of acceptance. */
  readonly seen?: (stored: StoredEvent) => void;
  /** How far back history is shown at least, also where no pattern asks for so much. */
  readonly reachMs?: number;
  /** Called at the end of each look. */
  readonly looked?: (lease: Lease, renew: Renew) => Promise<void>;
  /**
   * Told of each message once, perhaps again after a crash.
   * @returns true where it wrote something because of it; undefined, and no promise, where there is nothing to do
   */
  readonly accepted: (stored: StoredEvent, lease: Lease) => Promise<boolean> | undefined;
  /** Told of each portion that was read and worked on. */
  readonly onRead?: (portion: ReadPortion) => void;
  /** Told by how much the time mark lies in the future: some clock stands wrong, or has. */
  readonly onFutureMark?: ((aheadMs: number) => void) | undefined;
  /** Told of a mark that says a position behind all leaves: somebody has set it. */
  readonly onPlaceBeyondLog?: ((position: number, leaves: number) => void) | undefined;
  /** What others are given their turn by, ms since any moment. For tests. */
  readonly uptimeMs?: () => number;
};

const leaseName = 'correlator';
/** So long alerts may wait when a gateway is killed while it looks. A look may take longer: the lease is renewed. */
const leaseMs = 15_000;
const renewMs = 3_000;
/** Commits may take so long: a deadline is over only when nothing that came before it can still turn up. */
const settleMs = 10_000;
/** Clocks of gateways may differ by so much. What is further ahead is the word of a wrong clock. */
const skewMs = 3_600_000;
/** Between two marks of a long catching-up: what a crash may have to be looked at again. */
const markMs = 5_000;
const marks = {
  position: positionMark,
  time: 'correlator.time',
  /** When a gateway first looked at this store at all; 0 once a look has come to the end. */
  begun: 'correlator.begun',
} as const;

/** Up to where all was looked at before: what lies behind alerts about nothing. */
type Sent = { readonly position: number; readonly time: number; readonly begun: number };

export class CorrelationRun {
  readonly #deps: RunDependencies;
  readonly #startedAt: number;
  #correlator: Correlator<PackedTokens>;
  readonly #historyMs: number;
  readonly #turn: Turn;
  #position = 0;
  /** Of the last message that was shown. */
  #seenPosition = 0;
  /** Up to when deadlines were looked at. */
  #advancedTo = 0;
  /** Keys of messages that no gateway looked at before this look, or before earlier ones that failed. */
  readonly #news = new Set<string>();
  /** When the first of them arrived. */
  #newsSince = Infinity;
  #markedAt = 0;
  #renewedAt = 0;
  /** Something was sent or recorded that a crash would have looked at again. */
  #isMarkDue = false;
  #pending: Alert[] = [];
  /** They keep back no other, and no mark: this gateway alone knows of them, and tries them again while it runs. */
  readonly #stuck: StuckAlerts;
  /** Of what they rest on, what was not read again since something was erased; undefined where nothing was. */
  #unread: Set<string> | undefined;
  /** The latest erasure as of the last look; undefined before the first. */
  #erasure: number | undefined;
  #isStopped = false;

  constructor(deps: RunDependencies) {
    this.#deps = deps;
    this.#startedAt = Math.trunc(deps.now());
    this.#correlator = newCorrelator(deps);
    this.#historyMs = Math.max(new PatternIndex(deps.patterns).historyMs, deps.reachMs ?? 0);
    this.#turn = new Turn(deps.uptimeMs);
    this.#stuck = new StuckAlerts(deps);
  }

  /** What is held in memory. */
  get size(): Correlator<PackedTokens>['size'] {
    return this.#correlator.size;
  }

  /** How many alerts could be neither sent nor recorded when they were tried last. */
  get stuck(): number {
    return this.#stuck.all.length;
  }

  /** Has a look that is under way end soon, between two portions; the next gateway to look goes on from its marks. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Looks once.
   * @returns false when another gateway is looking just now, and when it was stopped
   * @throws CausewayError `store-unavailable`, `lease-lost`; what was not handed on is handed on the next time
   */
  async look(): Promise<boolean> {
    const { store } = this.#deps;
    const lease = await store.takeLease(leaseName, leaseMs);
    if (lease === undefined) return false;
    this.#renewedAt = this.#deps.now();
    try {
      return await this.#catchUp(lease);
    } finally {
      await store.releaseLease(lease);
    }
  }

  /** @returns whether it has come to the end */
  async #catchUp(lease: Lease): Promise<boolean> {
    const { store, now, agreement } = this.#deps;
    const kept = await this.#readMarks(lease);
    const begun = await this.#readBegun(kept, lease);
    const settled = Math.trunc(now() - settleMs);
    const noted = kept.get(marks.time) ?? 0;
    const isAhead = noted > settled + skewMs;
    if (isAhead) this.#deps.onFutureMark?.(noted - settled);
    // A deadline that a wrong clock has passed is yet to come: what it alerted about is known by its id.
    const sentTime = isAhead ? settled : Math.max(noted, begun);
    const sent: Sent = { position: kept.get(marks.position) ?? 0, time: sentTime, begun };
    const erasure = kept.get(erasureMark) ?? 0;
    const hasErased = this.#erasure !== undefined && erasure !== this.#erasure;
    // A correlator that a wrong clock has led past deadlines that are yet to come is of no use.
    const isAstray = this.#advancedTo > settled + skewMs;
    if (hasErased || isAstray) this.#beginAnew();
    this.#erasure = erasure;
    const reach = { after: this.#position, since: now() - this.#historyMs, now: now() };
    for await (const events of readHistory(store, agreement, reach)) {
      this.#show(events);
      await this.#takeAll(events, sent, lease);
      this.#position = Math.max(...events.map(({ position }) => position));
      // What lies further back than any pattern reaches is not held, only what was told of it.
      this.#correlator.sweep();
      await this.#handOn(lease);
      // Deadlines of late news are looked at only at the end: a gateway that went on from a mark would have no news of it.
      const isLate = this.#newsSince < sentTime;
      if (this.#position > sent.position && !isLate) await this.#markInPassing(sentTime, lease);
      this.#deps.onRead?.(portionOf(events));
      if (this.#isStopped) return false;
    }
    const time = Math.max(sentTime, settled);
    this.#advancedTo = time;
    await this.#through(
      this.#correlator.advanceInSteps(time),
      lease,
      // Evidence may come so late, by the clock of the gateway that took it in, that its deadline was looked at before.
      ({ firedAt, events }) => firedAt >= sentTime || this.#isOfNews(events),
    );
    this.#stuck.letGoOf(this.#unread ?? new Set());
    this.#unread = undefined;
    await this.#stuck.retry(lease, async () => this.#renew(lease));
    if (this.#pending.length > 0 || this.#position > sent.position || isAhead || begun > 0) {
      await this.#handOn(lease);
      await this.#mark(time, lease, [[marks.begun, 0]]);
    }
    this.#news.clear();
    this.#newsSince = Infinity;
    this.#correlator.sweep();
    await this.#deps.looked?.(lease, async () => this.#renew(lease));
    return true;
  }

  /**
   * Where the position cannot be right, what came since the mark of time is news, as if the first look had begun then: a
   * look that ends in between is gone on with. Where that mark lies in the future it tells nothing, and all that is read is
   * news. What was alerted about before is known by its id.
   */
  async #readMarks(lease: Lease): Promise<ReadonlyMap<string, number>> {
    const { store, now, onPlaceBeyondLog } = this.#deps;
    const kept = await store.readMarks();
    const leaves = await store.countLeaves();
    const position = placeBeyondLog(kept, leaves);
    if (position === undefined) return kept;
    onPlaceBeyondLog?.(position, leaves);
    const noted = [marks.begun, marks.time].map((mark) => kept.get(mark) ?? 0).filter((time) => time > 0);
    const begun = noted.length === 0 ? this.#startedAt : (noted.find((time) => time <= now()) ?? 0);
    const mended = new Map([
      [marks.position, 0],
      [marks.begun, begun],
    ] as const);
    await store.setMarks(mended, lease);
    return new Map([...kept, ...mended]);
  }

  /**
   * What a store holds when patterns are first put into force is history: evidence, and no news. What comes after a gateway
   * has begun to look is news, also where its first look is cut short.
   * @returns from when on messages are news, ms since 1970; 0 once all history was looked at
   */
  async #readBegun(kept: ReadonlyMap<string, number>, lease: Lease): Promise<number> {
    const { store, now } = this.#deps;
    const noted = kept.get(marks.begun);
    if (noted !== undefined) return Math.min(noted, Math.trunc(now()));
    if (kept.has(marks.position)) return 0;
    await store.setMarks(new Map([[marks.begun, this.#startedAt]]), lease);
    return this.#startedAt;
  }

  /**
   * A portion is in the order of arrival, and an answer may come before its alert there. What is shown is only held in
   * memory: a look that fails after it, or loses its lease, comes by the portion again and shows nothing twice.
   */
  #show(events: readonly StoredEvent[]): void {
    const { seen } = this.#deps;
    if (seen === undefined) return;
    const unseen = events.filter(({ position }) => position > this.#seenPosition);
    for (const stored of unseen.sort((a, b) => a.position - b.position)) {
      seen(stored);
      this.#seenPosition = stored.position;
    }
  }

  /** Waits only for what takes time: of most notices nothing comes, and a promise for each would cost as much as they do. */
  async #takeAll(events: readonly StoredEvent[], sent: Sent, lease: Lease): Promise<void> {
    for (const stored of events) {
      const { event, subjects, position } = stored;
      if (this.#unread !== undefined && this.#unread.size > 0) this.#unread.delete(messageKey(event));
      const isNew = position > sent.position && event.arrived >= sent.begun;
      if (isNew) {
        this.#news.add(messageKey(event));
        this.#newsSince = Math.min(this.#newsSince, event.arrived);
      }
      if (this.#turn.isOver) await this.#turn.pass();
      if (this.#isRenewalDue) await this.#renew(lease);
      for (const subject of subjects) {
        if (this.#turn.isOver) await this.#turn.pass();
        const steps = this.#correlator.addInSteps(event, subject);
        if (steps === undefined) continue;
        // A deadline that passed before it came was looked at before, or is none of ours.
        await this.#through(steps, lease, ({ firedAt, events }) => {
          if (firedAt >= sent.time) return true;
          return isNew && (firedAt >= event.arrived || this.#isOfNews(events));
        });
      }
      const work = isNew ? this.#deps.accepted(stored, lease) : undefined;
      if (work !== undefined && (await work)) this.#isMarkDue = true;
    }
  }

  /**
   * Whatever one notice costs, the lease stays this gateway's: the next one to look would come no further. Where that
   * fails, the work is still done to its end: the correlator knows the notice by then, and would not look at it again.
   * @param isNew which of the alerts that it raises are to be handed on, now or by the next look
   */
  async #through(steps: Steps<Outcome>, lease: Lease, isNew: (alert: Alert) => boolean): Promise<void> {
    let renewal = Promise.resolve();
    const outcome = await this.#turn.through(steps, async () => {
      renewal = renewal.then(async () => this.#renew(lease));
      await renewal.catch(() => undefined);
    });
    const withdrawn = outcome.withdrawn.length === 0 ? [] : await this.#takeBack(outcome.withdrawn);
    for (const alert of newsOf({ ...outcome, withdrawn })) if (isNew(alert)) this.#pending.push(alert);
    await renewal;
  }

  /**
   * An alert that still waits has told nothing, and is not handed on any more; unless another gateway has sent it
   * meanwhile, or it was sent and the answer was lost. While nobody can tell, it counts as sent, and is handed on.
   * @returns those that may have been sent
   */
  async #takeBack(withdrawn: readonly Alert[]): Promise<readonly Alert[]> {
    const waiting = new Set([...this.#pending, ...this.#stuck.all].map(alertKey));
    const unsent = new Set<string>();
    for (const alert of withdrawn) {
      const key = alertKey(alert);
      if (waiting.has(key) && !(await this.#deps.wasSent(alert).catch(() => true))) unsent.add(key);
    }
    if (unsent.size === 0) return withdrawn;
    const isLeft = (alert: Alert): boolean => !unsent.has(alertKey(alert));
    this.#pending = this.#pending.filter(isLeft);
    this.#stuck.withdraw(unsent);
    return withdrawn.filter(isLeft);
  }

  /** Forgets what was read: history says again what still counts, and what was not handed on. */
  #beginAnew(): void {
    this.#correlator = newCorrelator(this.#deps);
    this.#position = 0;
    this.#pending = [];
    this.#unread = new Set(this.#stuck.all.flatMap(({ events }) => events.map(messageKey)));
  }

  #isOfNews(events: Alert['events']): boolean {
    return events.some((event) => this.#news.has(messageKey(event)));
  }

  /** An alert leaves the list only when it has been handed on, or is stuck. */
  async #handOn(lease: Lease): Promise<void> {
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      await this.#renew(lease);
      if (!(await this.#deps.send(next, lease))) this.#stuck.add(next);
      this.#pending.shift();
      this.#isMarkDue = true;
    }
  }

  get #isRenewalDue(): boolean {
    return this.#deps.now() - this.#renewedAt >= renewMs;
  }

  /** @throws CausewayError `lease-lost` when it has run out and another gateway was faster */
  async #renew(lease: Lease): Promise<void> {
    if (!this.#isRenewalDue) return;
    const { store, now } = this.#deps;
    const renewed = await store.takeLease(leaseName, leaseMs);
    if (renewed?.epoch !== lease.epoch) throw new CausewayError('lease-lost');
    this.#renewedAt = now();
  }

  async #markInPassing(time: number, lease: Lease): Promise<void> {
    if (this.#isMarkDue || this.#deps.now() - this.#markedAt >= markMs) await this.#mark(time, lease);
  }

  async #mark(
    time: number,
    lease: Lease,
    further: readonly (readonly [string, number])[] = [],
  ): Promise<void> {
    await this.#deps.store.setMarks(
      new Map([[marks.position, this.#position], [marks.time, time], ...further]),
      lease,
    );
    this.#isMarkDue = false;
    this.#markedAt = this.#deps.now();
  }
}

/** @param events in the order of arrival, one at least */
function portionOf(events: readonly StoredEvent[]): ReadPortion {
  const [first, last] = [events[0], events.at(-1)];
  return { notices: events.length, from: first?.event.arrived ?? 0, to: last?.event.arrived ?? 0 };
}

function newCorrelator({ patterns }: RunDependencies): Correlator<PackedTokens> {
  return new Correlator(patterns, new LinkIndex());
}
