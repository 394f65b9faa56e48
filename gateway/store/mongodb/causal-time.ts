/**
 * Lets every question see what this process has seen before, whichever member is the primary: the cluster's time
 * of each answer goes along with the next question. A primary fresh from its election may not know yet how much
 * of what it holds a majority has; without this it could answer as of a moment ago.
 */
import { Timestamp, type ClientSession, type MongoClient } from 'mongodb';

/**
 * What a session sees: `newest`, each time, with all that this process has seen before; or the store `at-one-moment`,
 * which may be a moment ago: for as long as the server remembers it, five minutes unless it is set up otherwise.
 */
export type Sight = 'newest' | 'at-one-moment';

export class CausalTime {
  readonly #client: MongoClient;
  #operationTime: Timestamp | undefined;

  constructor(client: MongoClient) {
    this.#client = client;
  }

  /** How far this process has seen; 0 where it has seen nothing yet. */
  get seen(): Timestamp {
    return this.#operationTime ?? new Timestamp(0n);
  }

  /** Takes in what another connection has seen. */
  advance(time: Timestamp): void {
    if (this.seen.lessThan(time)) this.#operationTime = time;
  }

  /** Does some work in a session of its own. */
  async within<T>(work: (session: ClientSession) => Promise<T>, sight: Sight = 'newest'): Promise<T> {
    const isNewest = sight === 'newest';
    const session = this.#client.startSession(isNewest ? { causalConsistency: true } : { snapshot: true });
    if (isNewest && this.#operationTime !== undefined) session.advanceOperationTime(this.#operationTime);
    try {
      return await work(session);
    } finally {
      this.#note(session);
      const ended = session.endSession();
      // It ends an open transaction first, and waits for the server where there is one left.
      if (session.inTransaction()) ended.catch(() => undefined);
      else await ended;
    }
  }

  #note({ operationTime }: ClientSession): void {
    if (operationTime !== undefined) this.advance(operationTime);
  }
}
