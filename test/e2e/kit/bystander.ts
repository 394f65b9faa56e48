/** An exchange between two others that goes on while a test misbehaves, and must not notice. */
import { Writer, type TestEndpoint } from './endpoint.ts';
import type { Exchange } from './exchange.ts';
import type { RawSession } from './raw-session.ts';

export class Bystander {
  readonly #sender: RawSession;
  readonly #recipient: RawSession;
  readonly #running: Promise<void>;
  #exchanged = 0;
  #stopped = false;

  private constructor(sender: RawSession, recipient: RawSession, writer: Writer) {
    this.#sender = sender;
    this.#recipient = recipient;
    this.#running = this.#run(writer);
    // It is looked at in `stop`.
    this.#running.catch(() => undefined);
  }

  /** @param to an endpoint of social work: anybody may raise a concern with it */
  static async start(exchange: Exchange, from: TestEndpoint, to: TestEndpoint): Promise<Bystander> {
    const sender = await exchange.connect(from);
    const recipient = await exchange.connect(to, { credit: 4_000 });
    return new Bystander(sender, recipient, await Writer.open(from, [to]));
  }

  /** Waits for one more notice to make its whole way, then ends. @throws Error when anything went wrong */
  async stop(): Promise<number> {
    const before = this.#exchanged;
    while (this.#exchanged === before && !this.#stopped) {
      await Promise.race([this.#running, new Promise((resolve) => setTimeout(resolve, 5))]);
    }
    this.#stopped = true;
    await this.#running;
    for (const session of [this.#sender, this.#recipient]) {
      if (!session.isOpen) throw new Error('a session of a bystander was closed');
      if (session.controls.some(({ type }) => type === 'error'))
        throw new Error('a bystander was told an error');
      await session.leave();
    }
    return this.#exchanged;
  }

  async #run(writer: Writer): Promise<void> {
    while (!this.#stopped) {
      const message = writer.message({ category: 'concern' });
      await this.#sender.accepted(message);
      const arrival = await this.#recipient.arrival(message);
      if (!arrival.unit.bytes.equals(message.unit.bytes)) throw new Error('a bystander got other bytes');
      await this.#recipient.store(arrival);
      await this.#sender.receipt(message, 'stored');
      if (this.#recipient.arrivals.length !== ++this.#exchanged)
        throw new Error('a bystander got a notice twice');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
