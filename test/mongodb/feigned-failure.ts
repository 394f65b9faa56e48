/**
 * Commands that a server lets fail as it is told. A server has one such fault, and test files share it: whoever wants
 * one waits until nobody has another.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, MongoServerError, type Document } from 'mongodb';

const duplicateKey = 11_000;
const retryMs = 20;
const failPoint = 'failCommand';

export class FeignedFailure {
  readonly #client: MongoClient;
  #isOurs = false;

  /** @param url of a server of our own */
  constructor(url: string) {
    this.#client = new MongoClient(url, { appName: 'feigned-failure' });
  }

  /** Lets commands of the clients with a name fail from now on, in place of what failed before. */
  async begin(
    appName: string,
    failCommands: readonly string[],
    mode: Document | string,
    data: Document,
  ): Promise<void> {
    while (!this.#isOurs) {
      this.#isOurs = await this.#take();
      if (!this.#isOurs) await sleep(retryMs);
    }
    const fault = { failCommands, appName, ...data };
    await this.#client.db('admin').command({ configureFailPoint: failPoint, mode, data: fault });
  }

  /** Nothing fails any more. */
  async end(): Promise<void> {
    if (!this.#isOurs) return;
    await this.#client.db('admin').command({ configureFailPoint: failPoint, mode: 'off' });
    await this.#turns.deleteOne({ _id: failPoint });
    this.#isOurs = false;
  }

  async close(): Promise<void> {
    await this.end();
    await this.#client.close();
  }

  get #turns() {
    return this.#client.db('causeway-test-turns').collection<{ _id: string }>('turn');
  }

  async #take(): Promise<boolean> {
    try {
      await this.#turns.insertOne({ _id: failPoint });
      return true;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === duplicateKey) return false;
      throw error;
    }
  }
}
