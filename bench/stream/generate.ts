/**
 * A synthetic stream of notices with its truth. Truth is not what was planted but what the reference (`reference.ts`)
 * finds when it reads the true history of every child: chance completes episodes too.
 */
import type { PatternSet } from '../../gateway/correlator/patterns/load.ts';
import type { Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import type { Episode, StreamLine } from '../correlator/stream.ts';
import { Seeded } from '../seeded.ts';
import { makeChildren, type Child } from './children.ts';
import { NoticeMaker, type NearMiss, type Notice } from './notice-maker.ts';
import { storiesOf, toEvent, vary } from './plant.ts';
import { referenceAlerts } from './reference.ts';

export type StreamOptions = {
  readonly children: number;
  readonly days: number;
  /** Planted, for each pattern. */
  readonly episodes: number;
  /** Planted, for each way of missing a pattern. */
  readonly nearMisses: number;
  readonly seed: number;
};

export const streamDefaults: StreamOptions = {
  children: 20_000,
  days: 730,
  episodes: 100,
  nearMisses: 10,
  seed: 1,
};

/** Every so many planted episodes one befalls both of a pair of twins. */
const twinsEvery = 50;

export type GeneratedStream = {
  /** In the order of arrival. */
  readonly lines: readonly StreamLine[];
  readonly truth: readonly Episode[];
  readonly nearMisses: readonly NearMiss[];
  readonly childrenWithNotices: number;
};

const startMs = Date.parse('2026-01-01T00:00:00.000Z');

/** The same for the same patterns, agreement and options. */
export function generateStream(set: PatternSet, policy: PolicySet, options: StreamOptions): GeneratedStream {
  const chance = new Seeded(options.seed);
  const children = makeChildren(options.children, chance);
  const { alerting, nearMisses } = storiesOf(set, policy);
  const maker = new NoticeMaker(children, policy, chance);
  maker.addBackground(options.days);
  for (const pattern of set.patterns) {
    const own = alerting.filter((story) => story.pattern === pattern);
    for (let count = 0; count < options.episodes && own.length > 0; count += 1) {
      const story = vary(chance.pick(own), chance);
      if (count % twinsEvery === twinsEvery - 1) maker.plantForTwins(story, options.days);
      else maker.plant(story, options.days);
    }
  }
  for (const story of nearMisses) {
    for (let count = 0; count < options.nearMisses; count += 1) maker.plantNearMiss(story, options.days);
  }
  maker.repeatSome();
  const sorted = maker.notices.toSorted((a, b) => a.arrivesMs - b.arrivesMs || (a.id < b.id ? -1 : 1));
  return {
    lines: sorted.map(lineOf),
    truth: truthOf(sorted, set.patterns, policy),
    nearMisses: maker.nearMisses,
    childrenWithNotices: new Set(sorted.map(({ about }) => about.key)).size,
  };
}

function lineOf({ id, atMs, arrivesMs, source, category, severity, subjects, subject }: Notice): StreamLine {
  return {
    id,
    time: instant(atMs),
    arrived: instant(arrivesMs),
    source,
    category,
    severity,
    ...(subjects === undefined ? {} : { subjects }),
    subject,
  };
}

function truthOf(notices: readonly Notice[], patterns: readonly Pattern[], policy: PolicySet): Episode[] {
  const byChild = new Map<Child, Notice[]>();
  for (const notice of notices) byChild.set(notice.about, [...(byChild.get(notice.about) ?? []), notice]);
  return [...byChild].flatMap(([child, own]) => {
    const events = own.map((notice) => toEvent(roundTimes(notice), notice.id, startMs, policy));
    return patterns.flatMap((pattern) => {
      const seen = new Set<number>();
      return referenceAlerts(pattern, events)
        .filter(({ episode }) => !seen.has(episode) && seen.add(episode))
        .map(({ events: ids, completedBy }) => ({
          pattern: pattern.id,
          subjectKey: child.key,
          events: [...ids],
          completedBy,
        }));
    });
  });
}

function roundTimes(notice: Notice): Notice {
  return { ...notice, atMs: Math.round(notice.atMs), arrivesMs: Math.round(notice.arrivesMs) };
}

function instant(ms: number): string {
  return new Date(startMs + Math.round(ms)).toISOString();
}
