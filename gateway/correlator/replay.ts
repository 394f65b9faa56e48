/** History told again: the alerts that patterns would have sent, what came near to it, and how two versions differ. */
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';
import { alertKey, type Alert } from './alert.ts';
import { Correlator } from './correlator.ts';
import { byTime, messageKey } from './event.ts';
import { LinkIndex } from './link-index.ts';
import { PatternIndex } from './pattern-index.ts';
import type { Pattern } from './patterns/pattern.ts';
import { readHistory, type HistoryStore } from './read-history.ts';
import type { Agreement } from './stored-event.ts';
import { explainSilence, type Explanation, type NearMiss } from './why-not.ts';

export type ReplayOptions = {
  readonly patterns: readonly Pattern[];
  readonly agreement: Agreement;
  /** Alerts that were raised from here on, ms since 1970; history is read from as far back as what was told is remembered. */
  readonly since: number;
  /** Notices accepted later than this, ms since 1970, are left out. */
  readonly until: number;
  /** The present, ms since 1970. */
  readonly now: number;
};

export type Replay = {
  readonly correlator: Correlator<PackedTokens>;
  /** Notices that were told. */
  readonly notices: number;
  /** Sorted by the time at which they were raised. */
  readonly alerts: readonly Alert[];
};

/** A pattern that one step more would have satisfied, with the window that lacks it. */
export type NearlyRaised = {
  readonly pattern: Pattern;
  readonly explanation: Explanation;
  readonly nearest: NearMiss;
};

/** What two replays of the same history have in common, and what only one of them has. */
export type Difference = {
  readonly inBoth: number;
  readonly onlyFirst: readonly Alert[];
  readonly onlySecond: readonly Alert[];
};

/** How far back a notice can matter to any of the patterns, in ms. */
export function reachOf(patterns: readonly Pattern[]): number {
  return new PatternIndex(patterns).horizonMs;
}

/** Tells what a store holds to a fresh correlator. Sends nothing and changes nothing. */
export async function replay(
  store: HistoryStore,
  { patterns, agreement, since, until, now }: ReplayOptions,
): Promise<Replay> {
  const correlator = new Correlator(patterns, new LinkIndex());
  const from = since - new PatternIndex(patterns).historyMs;
  const alerts = new Map<string, Alert>();
  let notices = 0;
  const take = ({ raised, withdrawn }: ReturnType<Correlator<PackedTokens>['add']>): void => {
    for (const alert of withdrawn) alerts.delete(alertKey(alert));
    for (const alert of raised) alerts.set(alertKey(alert), alert);
  };
  for await (const events of readHistory(store, agreement, { after: 0, since: from, now })) {
    for (const { event, subjects } of events) {
      if (event.arrived > until || subjects.length === 0) continue;
      notices += 1;
      for (const subject of subjects) take(correlator.add(event, subject));
    }
    correlator.sweep();
  }
  take(correlator.advance(until));
  const found = [...alerts.values()].filter(({ firedAt }) => firedAt >= since);
  return { correlator, notices, alerts: found.sort((a, b) => a.firedAt - b.firedAt) };
}

/** Patterns with at least two notices in a window that lacks one step, as history stands at the end. */
export function findNearMisses(
  { correlator }: Pick<Replay, 'correlator'>,
  patterns: readonly Pattern[],
): readonly NearlyRaised[] {
  const found = new Map<string, NearlyRaised>();
  for (const tier of ['same', 'possible'] as const) {
    const asked = patterns.filter(({ link }) => link === tier);
    if (asked.length === 0) continue;
    for (const { entries } of correlator.stars(tier)) {
      const events = entries.map(({ event }) => event);
      for (const pattern of asked) {
        if (!events.some((event) => pattern.evidenceRules.some((rule) => rule.matches(event)))) continue;
        const explanation = explainSilence(pattern, events);
        const { nearest, isSatisfied } = explanation;
        if (isSatisfied || nearest === undefined || !isOneStepShort(nearest, pattern)) continue;
        const messages = nearest.events.map(messageKey);
        found.set([pattern.key, ...messages].join('\n'), { pattern, explanation, nearest });
      }
    }
  }
  return [...found.values()].sort((a, b) => a.nearest.until - b.nearest.until);
}

function isOneStepShort({ events, gap, agenciesMissing, until }: NearMiss, { effective }: Pattern): boolean {
  const isInForce = until >= effective.fromMs && until < effective.untilMs;
  return isInForce && events.length >= 2 && gap + agenciesMissing <= 1;
}

/** Alerts of a pattern are the same when they rest on the same notices at the same level, whatever its version. */
export function compareReplays(first: readonly Alert[], second: readonly Alert[]): Difference {
  const firstKeys = new Set(first.map(evidenceKey));
  const secondKeys = new Set(second.map(evidenceKey));
  return {
    inBoth: first.filter((alert) => secondKeys.has(evidenceKey(alert))).length,
    onlyFirst: first.filter((alert) => !secondKeys.has(evidenceKey(alert))),
    onlySecond: second.filter((alert) => !firstKeys.has(evidenceKey(alert))),
  };
}

function evidenceKey({ pattern, level, events }: Alert): string {
  return [pattern.id, level, ...events.toSorted(byTime).map(messageKey)].join('\n');
}
