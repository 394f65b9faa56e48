/**
 * Writes a synthetic stream of notices with its truth.
 *
 *   npm run bench:stream -- --out DIR [--children 20000] [--days 730] [--episodes 100] [--near-misses 10] [--seed 1]
 *     [--patterns DIR]
 *
 * `events.ndjson` and `truth.json` are what `npm run bench:correlator` reads; `near-misses.json` names the notices of
 * each planted near-miss. Truth is not what was planted but what the reference (`stream/reference.ts`) finds when it
 * reads the true history of every child: chance completes episodes too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadPatterns } from '../gateway/correlator/patterns/load.ts';
import { wordsOf } from '../gateway/correlator/patterns/words.ts';
import type { Pattern } from '../gateway/correlator/patterns/pattern.ts';
import { loadPolicySet } from '../gateway/policy/load.ts';
import type { PolicySet } from '../gateway/policy/policy-set.ts';
import { backgroundNotices } from './stream/background.ts';
import { makeChildren, type Child } from './stream/children.ts';
import { storiesOf, toEvent, vary, type Planted, type Story } from './stream/plant.ts';
import { referenceAlerts } from './stream/reference.ts';
import { writeDown, writeExactly, type Details } from './stream/write-down.ts';
import { Seeded } from './seeded.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    children: { type: 'string', default: '20000' },
    days: { type: 'string', default: '730' },
    episodes: { type: 'string', default: '100' },
    'near-misses': { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    patterns: { type: 'string' },
  },
});
const policyDir = new URL('../policies', import.meta.url).pathname;
const startMs = Date.parse('2026-01-01T00:00:00.000Z');
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const lateShare = 0.03;
const repeatedShare = 0.01;

/** A notice as it is written, and of whom it truly is. */
type Notice = Planted & { readonly id: string; readonly about: Child; readonly subject: Details };

async function generate(out: string): Promise<void> {
  const policy = await loadPolicySet(policyDir);
  const set =
    values.patterns === undefined
      ? await loadPatterns(`${policyDir}/patterns`, { form: 'committee', words: wordsOf(policy) })
      : await loadPatterns(values.patterns, { form: 'sigma' });
  const chance = new Seeded(Number(values.seed));
  const children = makeChildren(Number(values.children), chance);
  const { alerting, nearMisses } = storiesOf(set, policy);
  const maker = new NoticeMaker(children, policy, chance);
  maker.addBackground(Number(values.days));
  const perPattern = Number(values.episodes);
  for (const pattern of set.patterns) {
    const own = alerting.filter((story) => story.pattern === pattern);
    for (let count = 0; count < perPattern && own.length > 0; count += 1) {
      maker.plant(vary(chance.pick(own), chance), Number(values.days));
    }
  }
  for (const story of nearMisses) {
    for (let count = 0; count < Number(values['near-misses']); count += 1) {
      maker.plantNearMiss(story, Number(values.days));
    }
  }
  maker.repeatSome();
  write(out, maker, set.patterns, policy);
}

/** Makes notices, and keeps children with near-misses apart from all others. */
class NoticeMaker {
  readonly notices: Notice[] = [];
  readonly nearMisses: { pattern: string; kind: string; events: string[] }[] = [];
  readonly #children: readonly Child[];
  readonly #byKey: ReadonlyMap<string, Child>;
  readonly #policy: PolicySet;
  readonly #chance: Seeded;
  readonly #apart: Child[];
  readonly #common: Child[];

  constructor(children: readonly Child[], policy: PolicySet, chance: Seeded) {
    this.#children = children;
    this.#byKey = new Map(children.map((child) => [child.key, child]));
    this.#policy = policy;
    this.#chance = chance;
    const shuffled = chance.shuffle(
      children.filter(({ twin }) => twin === undefined || this.#byKey.has(twin)),
    );
    const twins = shuffled.filter(({ twin, key }) => twin !== undefined && key < twin);
    const apart = new Set([
      ...twins.slice(0, twins.length / 2),
      ...shuffled.filter(({ twin }) => twin === undefined).slice(0, children.length / 5),
    ]);
    this.#apart = [...apart];
    const keys = new Set([...apart].flatMap(({ key, twin }) => [key, twin]));
    this.#common = this.#children.filter(({ key }) => !keys.has(key));
  }

  addBackground(days: number): void {
    for (const child of this.#common) {
      for (const planted of backgroundNotices(days, this.#chance)) this.#add(planted, child, 0, false);
    }
  }

  plant({ notices }: Story, days: number): void {
    const needsTwin = notices.some(({ child }) => child === 1);
    const children = needsTwin ? this.#common.filter(({ twin }) => twin !== undefined) : this.#common;
    this.#tell(notices, this.#chance.pick(children), this.#beginning(notices, days), false);
  }

  plantNearMiss({ pattern, kind, notices }: Story, days: number): void {
    const needsTwin = notices.some(({ child }) => child === 1);
    const at = this.#apart.findIndex(({ twin }) => needsTwin === (twin !== undefined));
    const [child] = at < 0 ? [] : this.#apart.splice(at, 1);
    if (child === undefined) return;
    const events = this.#tell(notices, child, this.#beginning(notices, days), true);
    this.nearMisses.push({ pattern: pattern.title, kind, events });
  }

  /** A message that an outbox sent twice: the same id, a little later. */
  repeatSome(): void {
    for (const notice of [...this.notices]) {
      if (!this.#chance.chance(repeatedShare)) continue;
      this.notices.push({ ...notice, arrivesMs: notice.arrivesMs + this.#chance.exponential(12 * hourMs) });
    }
  }

  #tell(notices: readonly Planted[], child: Child, beginning: number, isExact: boolean): string[] {
    const ids: string[] = [];
    for (const planted of notices) {
      const about = planted.child === 0 ? child : this.#byKey.get(child.twin ?? '');
      const repeated = planted.repeats === undefined ? undefined : ids[planted.repeats];
      ids.push(this.#add(planted, about ?? child, beginning, isExact, repeated));
    }
    return ids;
  }

  #add(planted: Planted, about: Child, beginning: number, isExact: boolean, id = this.#nextId()): string {
    const atMs = beginning + planted.atMs;
    const sector = this.#policy.agencies.get(planted.source.split('/')[0] ?? '')?.sector ?? '';
    this.notices.push({
      ...planted,
      id,
      about,
      subject: isExact ? writeExactly(about) : writeDown(about, sector, this.#chance),
      atMs,
      arrivesMs: beginning + planted.arrivesMs + (isExact ? 0 : this.#delay()),
    });
    return id;
  }

  #delay(): number {
    const isLate = this.#chance.chance(lateShare);
    return isLate ? this.#chance.between(1, 10) * dayMs : this.#chance.exponential(2 * hourMs);
  }

  #beginning(notices: readonly Planted[], days: number): number {
    const length = Math.max(...notices.map(({ atMs }) => atMs));
    return this.#chance.next() * Math.max(0, days * dayMs - length);
  }

  #nextId(): string {
    return `m${String(this.notices.length).padStart(6, '0')}`;
  }
}

function write(
  out: string,
  { notices, nearMisses }: NoticeMaker,
  patterns: readonly Pattern[],
  policy: PolicySet,
): void {
  mkdirSync(out, { recursive: true });
  const sorted = notices.toSorted((a, b) => a.arrivesMs - b.arrivesMs || (a.id < b.id ? -1 : 1));
  const lines = sorted.map(({ id, atMs, arrivesMs, source, category, severity, subjects, subject }) =>
    JSON.stringify({
      id,
      time: instant(atMs),
      arrived: instant(arrivesMs),
      source,
      category,
      severity,
      ...(subjects === undefined ? {} : { subjects }),
      subject,
    }),
  );
  writeFileSync(join(out, 'events.ndjson'), `${lines.join('\n')}\n`);
  const truth = truthOf(sorted, patterns, policy);
  writeFileSync(join(out, 'truth.json'), JSON.stringify(truth, null, 1));
  writeFileSync(join(out, 'near-misses.json'), JSON.stringify(nearMisses, null, 1));
  const children = new Set(sorted.map(({ about }) => about.key)).size;
  process.stdout.write(
    `${JSON.stringify({ out, events: lines.length, childrenWithNotices: children, episodes: truth.length, nearMisses: nearMisses.length })}\n`,
  );
}

function truthOf(notices: readonly Notice[], patterns: readonly Pattern[], policy: PolicySet): object[] {
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
          events: ids,
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

if (values.out === undefined) {
  process.stderr.write(
    'usage: npm run bench:stream -- --out DIR [--children N] [--days N] [--episodes N] [--seed N]\n',
  );
  process.exitCode = 2;
} else await generate(values.out);
