/** Work in the background that the closing of a client waits for, because it uses the state. */
import { isCausewayError } from '../../protocol/errors.ts';

export class BackgroundWork {
  readonly #report: (error: unknown) => void;
  readonly #underWay = new Set<Promise<void>>();

  /** @param report told why some of it failed, but for `client-closed` */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  begin(work: Promise<void>): void {
    const guarded = work
      .catch((error: unknown) => {
        if (!isCausewayError(error, 'client-closed')) this.#report(error);
      })
      .finally(() => this.#underWay.delete(guarded));
    this.#underWay.add(guarded);
  }

  /** Resolves when nothing is under way any more. */
  async end(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}
