/** Evidence whose pattern waits for something that must not stay away, until its deadline. */
import type { Candidate } from './candidates.ts';
import { DeadlineQueue, type Timed } from './deadline-queue.ts';
import { byMessage } from './event.ts';
import type { LinkRecord } from './linker.ts';
import type { Pattern } from './patterns/pattern.ts';
import type { Steps } from './steps.ts';

/** What the notices of one endpoint have completed of one pattern around one description. */
type Crowd = { readonly pattern: Pattern; readonly source: string; size: number };

/** Without a crowd where nothing says that the description is of one child. */
type Waiting = Timed & { readonly candidate: Candidate; readonly crowd: Crowd | undefined };

/**
 * So much waits of one pattern around one description that the notices of one endpoint have completed, what was first:
 * no child has as much that is grave befall it within a few days, and an endpoint that says so must fill neither the
 * memory nor the place of others. A description that is not even tied to itself, as one without tokens, is of many
 * children: each of its notices has what it completes wait, which is in proportion to what was sent.
 */
export const maxWaitingOfEndpoint = 64;

export class WaitingEvidence {
  readonly #queue = new DeadlineQueue<Waiting>(byEvidence);
  readonly #crowds = new Map<LinkRecord, Crowd[]>();

  get size(): number {
    return this.#queue.size;
  }

  /** @param source the endpoint whose notice completed it */
  push(candidate: Candidate, dueMs: number, source: string): void {
    const crowd = candidate.centre.itself && this.#crowdOf(candidate, source);
    if (crowd !== undefined) {
      if (crowd.size === maxWaitingOfEndpoint) return;
      crowd.size += 1;
    }
    this.#queue.push({ dueMs, candidate, crowd });
  }

  isDueBefore(now: number): boolean {
    return this.#queue.isDueBefore(now);
  }

  /** Takes what is due first, before `now`. */
  shiftBefore(now: number): Pick<Waiting, 'candidate' | 'dueMs'> | undefined {
    const waiting = this.#queue.shiftBefore(now);
    if (waiting !== undefined) this.#leave(waiting);
    return waiting;
  }

  /** Takes out all that the test picks. */
  *drop(isDropped: (candidate: Candidate) => boolean): Steps<void> {
    const dropped = yield* this.#queue.drop(({ candidate }) => isDropped(candidate));
    for (const waiting of dropped) this.#leave(waiting);
  }

  #crowdOf({ centre, pattern }: Candidate, source: string): Crowd {
    const crowds = this.#crowds.get(centre) ?? [];
    const known = crowds.find((crowd) => crowd.pattern === pattern && crowd.source === source);
    if (known !== undefined) return known;
    const crowd = { pattern, source, size: 0 };
    crowds.push(crowd);
    this.#crowds.set(centre, crowds);
    return crowd;
  }

  #leave({ candidate: { centre }, crowd }: Waiting): void {
    if (crowd === undefined) return;
    crowd.size -= 1;
    if (crowd.size > 0) return;
    const left = this.#crowds.get(centre)?.filter((one) => one !== crowd) ?? [];
    if (left.length > 0) this.#crowds.set(centre, left);
    else this.#crowds.delete(centre);
  }
}

/**
 * By pattern, what is certain before what is possible, for that tells nothing more of the same child, then by the messages
 * of the evidence: never the order of arrival.
 */
function byEvidence({ candidate: a }: Waiting, { candidate: b }: Waiting): number {
  if (a.pattern.key !== b.pattern.key) return a.pattern.key < b.pattern.key ? -1 : 1;
  const tiers = Number(a.tier === 'possible') - Number(b.tier === 'possible');
  if (tiers !== 0) return tiers;
  const [ours, theirs] = [a.hit.events, b.hit.events];
  for (let place = 0; place < Math.min(ours.length, theirs.length); place += 1) {
    const [one, other] = [ours[place], theirs[place]];
    const order = one === undefined || other === undefined ? 0 : byMessage(one, other);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length || (a.centre.fingerprint < b.centre.fingerprint ? -1 : 1);
}
