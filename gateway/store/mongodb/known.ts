/**
 * What the last commit left behind, so that the next one need not read it again: most deliveries are delivered and
 * settled soon after they were accepted, and by the same gateway. It holds only as long as nobody else commits.
 */
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { DeliveryId } from '../port.ts';
import type { Head } from './block.ts';
import type { BlockDocument, DeliveryDocument, StreamDocument } from './documents.ts';
import type { Draft } from './draft.ts';

const maxDeliveries = 4_096;
const maxStreams = 4_096;

type Lent = {
  readonly deliveries: Map<DeliveryId, DeliveryDocument>;
  readonly streams: Map<EndpointAddress, StreamDocument>;
};

export class Known {
  #height = -1;
  #lent: Lent = { deliveries: new Map(), streams: new Map() };

  /** Gives what is known at this head to a draft, which may change it. Until it is taken back nothing is known. */
  lend({ height }: Head): Lent {
    const lent = height === this.#height ? this.#lent : { deliveries: new Map(), streams: new Map() };
    this.#height = -1;
    return lent;
  }

  /** The draft was committed: what it knows is true as of its block. */
  takeBack({ head, deliveries, streams }: Draft, block: BlockDocument | undefined): void {
    trim(deliveries, maxDeliveries);
    trim(streams, maxStreams);
    this.#lent = { deliveries, streams };
    this.#height = block?._id ?? head.height;
  }
}

/** Drops the oldest. */
function trim(map: Map<unknown, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}
