/**
 * Lets every question see what this process has seen before, whichever member is the primary: the cluster's time
 * of each answer goes along with the next question. A primary fresh from its election may not know yet how much
 * of what it holds a majority has; without this it could answer as of a moment ago.
 */
import type { ClientSession, MongoClient, Timestamp } from 'mongodb';

export class CausalTime {
  readonly #client: MongoClient;
  #operationTime: Timestamp | undefined;

  constructor(client: MongoClient) {
    this.#client = client;
  }

  /** Does some work in a session of its own. */
  async within<T>(work: (session: ClientSession) => Promise<T>): Promise<T> {
    const session = this.#client.startSession({ causalConsistency: true });
    if (this.#operationTime !== undefined) session.advanceOperationTime(this.#operationTime);
    try {
      return await work(session);
    } finally {
      this.#note(session);
      await session.endSession();
    }
  }

  #note({ operationTime }: ClientSession): void {
    if (operationTime === undefined) return;
    if (this.#operationTime?.greaterThanOrEqual(operationTime) !== true) this.#operationTime = operationTime;
  }
}
