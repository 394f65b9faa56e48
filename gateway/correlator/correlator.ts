/**
 * The correlator: notices in, alerts out. Pure apart from the memory it keeps; its only clock is that of arrivals.
 *
 * The alerts are a function of the notices with their times and times of arrival, told in the order of arrival. A
 * notice that is added out of that order has the histories it can touch told again, so any order of adding gives the
 * same alerts in the end, for as long as no bound on what is held, tied or waiting is reached; what such a telling changes
 * is returned as raised and withdrawn. Where a part of these histories is forgotten already, or left out because there was
 * too much of it, nothing is withdrawn, and raised is what was not told before.
 */
import { alertKey, levelOf, missingForNextLevel, type Alert, type EvidenceLink } from './alert.ts';
import { findCandidates, type Candidate, type Candidates } from './candidates.ts';
import { byArrival, isSameMessage, messageKey, type CorrelatorEvent } from './event.ts';
import { answers } from './evaluate/absence.ts';
import type { Entry } from './entry.ts';
import { History, type Star } from './history.ts';
import type { Linker, LinkRecord } from './linker.ts';
import { PatternIndex } from './pattern-index.ts';
import type { Pattern, Tier } from './patterns/pattern.ts';
import { areApart, rivalsOf, unambiguous } from './rivals.ts';
import { finish, type Steps } from './steps.ts';
import { judge, recall, type Told } from './suppression.ts';
import { WaitingEvidence } from './waiting-evidence.ts';

/** What adding a notice, or the passing of time, leads to. */
export type Outcome = {
  readonly raised: readonly Alert[];
  /** Alerts of before that the history, told again, does not raise; empty when notices come in order. */
  readonly withdrawn: readonly Alert[];
};

const nothingNew: Outcome = { raised: [], withdrawn: [] };

/** One notice completes no more than so much that waits for a deadline in one pattern, the fullest evidence first. */
const maxAwaited = 8;

export class Correlator<S> {
  readonly #history: History<S>;
  readonly #index: PatternIndex;
  readonly #waiting = new WaitingEvidence();
  #latest: CorrelatorEvent | undefined;
  #now = -Infinity;
  #raised: Alert[] = [];

  constructor(patterns: readonly Pattern[], linker: Linker<S>) {
    this.#index = new PatternIndex(patterns);
    this.#history = new History(linker, this.#index.horizonMs);
  }

  /** Notices, descriptions and deadlines that are held in memory. */
  get size(): { readonly notices: number; readonly records: number; readonly deadlines: number } {
    const { size, records } = this.#history;
    return { notices: size, records, deadlines: this.#waiting.size };
  }

  /** Adds a notice about a subject. One that is known already changes nothing. */
  add(event: CorrelatorEvent, subject: S): Outcome {
    const steps = this.addInSteps(event, subject);
    return steps === undefined ? nothingNew : finish(steps);
  }

  /**
   * The same with pauses. Until it has ended, nothing else may be asked of this correlator but its size.
   * @returns undefined where nothing comes of it, as of most notices
   */
  addInSteps(event: CorrelatorEvent, subject: S): Steps<Outcome> | undefined {
    const entry = this.#history.add(event, subject);
    if (entry === undefined) return undefined;
    if (this.#latest !== undefined && byArrival(event, this.#latest) < 0) return this.#tellAgain(entry);
    this.#latest = event;
    this.#now = Math.max(this.#now, event.arrived);
    const steps = this.#tell(entry);
    return steps === undefined ? undefined : this.#outcomeOf(steps);
  }

  /** Lets time pass: raises what waited for a deadline before `now`. */
  advance(now: number): Outcome {
    return finish(this.advanceInSteps(now));
  }

  /** The same with pauses, as {@link addInSteps}. */
  *advanceInSteps(now: number): Steps<Outcome> {
    this.#now = Math.max(this.#now, now);
    yield* this.#passDeadlines(this.#now);
    return this.#takeOutcome();
  }

  /** Forgets what is too old to matter, as of the latest arrival. */
  sweep(): void {
    this.#history.sweep(this.#now);
  }

  /** Who sent notices with this id: it belongs to its sender, and another may have used it. */
  sendersOf(id: string): readonly string[] {
    return [...new Set(this.#history.entriesOf(id).map(({ event }) => event.source))].sort();
  }

  /** What is told, as of the latest arrival, of each child that a notice speaks of. @param source whose notice it is */
  starsOf(id: string, tier: Tier, source?: string): readonly Star[] {
    return this.#history
      .entriesOf(id, source)
      .map((entry) => this.#history.star(entry.record, tier, this.#now, entry));
  }

  /** The same of every child. */
  stars(tier: Tier): Iterable<Star> {
    return this.#history.stars(tier, this.#now);
  }

  *#outcomeOf(steps: Steps<void>): Steps<Outcome> {
    yield* steps;
    return this.#takeOutcome();
  }

  /** @returns undefined where nothing can come of it */
  #tell(entry: Entry): Steps<void> | undefined {
    if (this.#waiting.isDueBefore(entry.event.arrived)) return this.#tellAfterDeadlines(entry);
    entry.isTold = true;
    entry.about = this.#index.about(entry.event);
    const search = findCandidates(entry, this.#history, this.#index);
    return search === undefined ? undefined : this.#considerAll(search, entry);
  }

  *#tellAfterDeadlines(entry: Entry): Steps<void> {
    yield* this.#passDeadlines(entry.event.arrived);
    yield* this.#tell(entry) ?? [];
  }

  *#considerAll(search: Steps<Candidates>, entry: Entry): Steps<void> {
    const { arrived } = entry.event;
    for (const [pattern, candidates] of yield* search) {
      if (pattern.absences.length > 0) yield* this.#await(pattern, candidates, entry);
      else {
        let told: Told | undefined;
        for (const candidate of candidates) {
          yield;
          // Nothing is news of what fuller evidence has just told whole.
          if (told === undefined || !isToldBy(told, candidate))
            told = this.#consider(candidate, arrived) ?? told;
        }
      }
    }
  }

  /** One deadline for each completion of a child; evidence that another candidate holds as well waits with it. */
  *#await(pattern: Pattern, candidates: readonly Candidate[], { event }: Entry): Steps<void> {
    const awaited: Candidate[] = [];
    for (const candidate of candidates) {
      yield;
      const { end } = candidate.hit;
      if (awaited.some((one) => one.hit.end === end && !areApart(one, candidate, this.#history))) continue;
      const withinMs = Math.max(...pattern.absences.map((absence) => absence.withinMs));
      this.#waiting.push(candidate, Math.max(end + withinMs + pattern.graceMs, event.arrived), event.source);
      if (awaited.push(candidate) === maxAwaited) return;
    }
  }

  *#passDeadlines(now: number): Steps<void> {
    for (;;) {
      const waiting = this.#waiting.shiftBefore(now);
      if (waiting === undefined) return;
      yield;
      const { candidate, dueMs } = waiting;
      if (candidate.entries.every(({ isTold }) => isTold) && !this.#isAnswered(candidate, dueMs)) {
        this.#consider(candidate, dueMs);
      }
    }
  }

  /**
   * What was waited for counts from anyone who may speak of the child, however weak the link; not from its twin. A
   * description that says too little to tie two notices, as a forename, a surname and a month of birth, is of many
   * children, also where it has a token: what answers for one of them would answer for all.
   */
  #isAnswered({ pattern, hit, centre, entries }: Candidate, now: number): boolean {
    const own = new Set<LinkRecord>([centre, ...entries.map(({ record }) => record)]);
    const rivals = rivalsOf(own, this.#history, now);
    const near = new Set(own);
    for (const record of own) for (const { to } of record.links) if (!rivals.has(to)) near.add(to);
    const evidence = new Set(hit.events.map(messageKey));
    const isAnswer = ({ event }: Entry): boolean =>
      !evidence.has(messageKey(event)) && answers(pattern, hit, event);
    return [...near].some(
      (record) => record.itself !== undefined && this.#history.told(record, now).some(isAnswer),
    );
  }

  /** @returns what is told now of the evidence; undefined where it tells nothing */
  #consider({ pattern, hit, tier, centre, entries }: Candidate, firedAt: number): Told | undefined {
    const level = levelOf(pattern, hit.events);
    const evidence = { events: hit.events, tier, level };
    const own = tier === 'same' ? entries : unambiguous(entries, this.#history, firedAt);
    const before = recall(
      own.map(({ told }) => told?.get(pattern.key)),
      firedAt - this.#index.memoryMs,
    );
    const judged = judge(before, evidence, pattern.suppression, firedAt);
    if (judged === undefined) return undefined;
    const { told, isNews } = judged;
    for (const entry of own) (entry.told ??= new Map()).set(pattern.key, told);
    if (!isNews) return told;
    if (tier === 'possible' && entries.some((entry) => isToldEnough(entry, pattern))) return told;
    const alert: Alert = {
      pattern,
      tier,
      level,
      firedAt,
      completedAt: hit.end,
      events: hit.events,
      links: linksOf(centre, entries, this.#history.told(centre, firedAt)),
      missing: missingForNextLevel(pattern, hit.events),
    };
    for (const entry of entries) (entry.alerts ??= []).push(alert);
    this.#raised.push(alert);
    return told;
  }

  /** Tells all histories again that the entry can touch, up to now. */
  *#tellAgain(late: Entry): Steps<Outcome> {
    const { entries, isWhole } = this.#history.component(late.record);
    const before = new Map<string, Alert>();
    for (const entry of entries) {
      entry.isTold = false;
      // What was told because of notices that are forgotten cannot be told again: it stays told.
      if (!isWhole) continue;
      for (const alert of entry.alerts ?? []) before.set(alertKey(alert), alert);
      entry.told = undefined;
      entry.alerts = undefined;
    }
    // Evidence of which a part is held no more would not be found again.
    yield* this.#waiting.drop(({ entries: waiting }) => waiting.every(({ isTold }) => !isTold));
    for (const entry of entries.sort((a, b) => byArrival(a.event, b.event))) {
      yield;
      yield* this.#tell(entry) ?? [];
    }
    yield* this.#passDeadlines(this.#now);
    const after = new Map(this.#takeRaised().map((alert) => [alertKey(alert), alert]));
    return {
      raised: [...after].filter(([key]) => !before.has(key)).map(([, alert]) => alert),
      withdrawn: [...before].filter(([key]) => !after.has(key)).map(([, alert]) => alert),
    };
  }

  #takeOutcome(): Outcome {
    return this.#raised.length === 0 ? nothingNew : { raised: this.#takeRaised(), withdrawn: [] };
  }

  #takeRaised(): readonly Alert[] {
    const raised = this.#raised;
    if (raised.length > 0) this.#raised = [];
    return raised;
  }
}

/** Whether this is what was told of each of the entries: whoever told it had all of them, and perhaps more. */
function isToldBy(told: Told, { pattern, entries }: Candidate): boolean {
  return entries.every((entry) => entry.told?.get(pattern.key) === told);
}

/**
 * A notice that may be of many children is told of as a possibility no more often than this in one pattern: whoever
 * describes ever other children must not have each of them alert with it.
 */
const maxPossibleAlerts = 8;

function isToldEnough({ alerts = [] }: Entry, { key }: Pattern): boolean {
  if (alerts.length < maxPossibleAlerts) return false;
  return (
    alerts.filter(({ tier, pattern }) => tier === 'possible' && pattern.key === key).length >=
    maxPossibleAlerts
  );
}

function linksOf(
  centre: LinkRecord,
  entries: readonly Entry[],
  centreEntries: readonly Entry[],
): EvidenceLink[] {
  const middle = entries.find(({ record }) => record === centre) ?? centreEntries[0];
  return entries.flatMap(({ event, record }) => {
    if (middle === undefined || isSameMessage(event, middle.event)) return [];
    const link = record === centre ? centre.itself : centre.links.find((one) => one.to === record);
    if (link === undefined) return [];
    return [{ event: event.id, to: middle.event.id, tier: link.tier, types: link.types }];
  });
}
