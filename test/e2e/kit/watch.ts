/** Waiting for something to become true, told by whoever changes it: no polling, no sleeping. */

const defaultPatienceMs = 10_000;

export class Watch {
  readonly #waiting = new Set<() => void>();

  /** Something has changed: everybody looks again. */
  changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Waits until `look` gives something. @throws Error naming what was waited for */
  async until<T>(what: string, look: () => T | undefined, patienceMs = defaultPatienceMs): Promise<T> {
    const already = look();
    if (already !== undefined) return already;
    return await new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(late);
        this.#waiting.delete(attempt);
      };
      const attempt = (): void => {
        let found: T | undefined;
        try {
          found = look();
        } catch (error) {
          settle();
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (found === undefined) return;
        settle();
        resolve(found);
      };
      const late = setTimeout(() => {
        settle();
        reject(new Error(`waited in vain for ${what}`));
      }, patienceMs);
      this.#waiting.add(attempt);
    });
  }
}

/** Between two questions, ms: at first so short that nothing is lost, in the end so long that asking is no load. */
const shortestPauseMs = 10;
const longestPauseMs = 250;
/** Of what has been waited already. */
const pauseShare = 1 / 8;

/** Asks again and again, for what nobody tells: the longer it takes, the less often. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  patienceMs = defaultPatienceMs,
): Promise<T> {
  const begunAt = performance.now();
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    const waitedMs = performance.now() - begunAt;
    if (waitedMs > patienceMs) throw new Error(`waited in vain for ${what}`);
    const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, waitedMs * pauseShare));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
