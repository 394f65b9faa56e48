/** Makes the notices of a stream: what happens anyway, planted stories and near-misses, late arrivals and repetitions. */
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import type { Seeded } from '../seeded.ts';
import { backgroundNotices, pickNotice } from './background.ts';
import type { Child } from './children.ts';
import type { Planted, Story } from './plant.ts';
import { writeDown, writeExactly, writeUnnamed, type Details } from './write-down.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const lateShare = 0.03;
const repeatedShare = 0.01;

/** A notice as it is written, and of whom it truly is. */
export type Notice = Planted & { readonly id: string; readonly about: Child; readonly subject: Details };

/** A story that comes near to a pattern and must not be told. */
export type NearMiss = {
  readonly pattern: string;
  readonly kind: string;
  readonly events: readonly string[];
};

/** There is nobody whom an episode could be about. */
export class TooFewChildrenError extends Error {
  constructor(needsTwin: boolean) {
    super(`there are too few children: episodes have to be about some${needsTwin ? ' with a twin' : ''}`);
  }
}

/** Makes notices, and keeps children with near-misses apart from all others. */
export class NoticeMaker {
  readonly notices: Notice[] = [];
  readonly nearMisses: NearMiss[] = [];
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
    if (children.length === 0) throw new TooFewChildrenError(needsTwin);
    this.#tell(notices, this.#chance.pick(children), this.#beginning(notices, days), false);
  }

  /** The same befalls both twins, and half-way an agency writes of one of them and does not say of which. */
  plantForTwins({ notices }: Story, days: number): void {
    const twins = this.#common.filter(({ twin }) => twin !== undefined && this.#byKey.has(twin));
    if (twins.length === 0 || notices.some(({ child }) => child === 1)) return;
    const child = this.#chance.pick(twins);
    const beginning = this.#beginning(notices, days);
    this.#tell(notices, child, beginning, false);
    this.#tell(
      notices.map((one) => ({ ...one, child: 1 })),
      child,
      beginning,
      false,
    );
    const atMs = beginning + Math.max(...notices.map((one) => one.atMs)) / 2;
    this.notices.push({
      ...pickNotice(this.#chance),
      id: this.#nextId(),
      about: child,
      subject: writeUnnamed(child),
      atMs,
      arrivesMs: atMs + this.#delay(),
    });
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
