/**
 * A doubt about the log: the gateway has signed something that does not go with the last verified checkpoint. That alone decides
 * nothing, since a gateway of several may be a little behind the others. So the log is looked at at once, and what is to be sent
 * waits for that, but no longer than so many ms where the log is away or silent.
 */
import { firstOf, pause } from '../abort.ts';

type DoubtDependencies = {
  readonly mostMs: number;
  readonly signal: AbortSignal;
};

export class LogDoubt {
  readonly #deps: DoubtDependencies;
  #end: Promise<void> | undefined;

  constructor(deps: DoubtDependencies) {
    this.#deps = deps;
  }

  /** Resolves when the log was looked at; undefined where there is no doubt. */
  get end(): Promise<void> | undefined {
    return this.#end;
  }

  /** @param look at the newest checkpoint; what is wrong with it is told elsewhere */
  raise(look: () => Promise<unknown>): void {
    this.#end ??= this.#settle(look).finally(() => (this.#end = undefined));
  }

  async #settle(look: () => Promise<unknown>): Promise<void> {
    const { mostMs, signal } = this.#deps;
    const ended = new AbortController();
    const looked = look().then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([looked, pause(mostMs, firstOf(signal, ended.signal))]);
    ended.abort();
  }
}
