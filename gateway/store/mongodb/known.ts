/**
 * What the last commit left behind, so that the next one need not read it again: most deliveries are delivered and
 * settled soon after they were accepted, and by the same gateway. It holds only as long as nobody else commits.
 */
import type { Head } from './block.ts';
import type { BlockDocument } from './documents.ts';
import type { Draft, Lent } from './draft.ts';

const maxDeliveries = 4_096;
const maxStreams = 4_096;
const maxSecrets = 4_096;

export class Known {
  #height = -1;
  #lent = nothing();

  /** Gives what is known at this head to a draft, which may change it. Until it is taken back nothing is known. */
  lend({ height }: Head): Lent {
    const lent = height === this.#height ? this.#lent : nothing();
    this.#height = -1;
    return lent;
  }

  /** The draft was committed: what it knows is true as of its block. */
  takeBack(
    { head, deliveries, streams, knownSecrets: secrets }: Draft,
    block: BlockDocument | undefined,
  ): void {
    trim(deliveries, maxDeliveries);
    trim(streams, maxStreams);
    trim(secrets, maxSecrets);
    this.#lent = { deliveries, streams, secrets };
    this.#height = block?._id ?? head.height;
  }
}

function nothing(): Lent {
  return { deliveries: new Map(), streams: new Map(), secrets: new Map() };
}

/** Drops the oldest. */
function trim(map: Map<unknown, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}
