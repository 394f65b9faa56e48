/** One answer for all who ask at about the same time. */

const sharedForMs = 1_000;

/**
 * An answer that is made once a second at most, however often it is asked for: whoever asks while one is being made, or within
 * a second after that began, gets the same.
 * @param clock milliseconds that only grow
 */
export function shareAnswer<T>(
  make: () => Promise<T>,
  clock = (): number => performance.now(),
): () => Promise<T> {
  let shared: { readonly answer: Promise<T>; readonly startedAt: number } | undefined;
  let underWay = false;
  return () => {
    if (shared !== undefined && (underWay || clock() - shared.startedAt < sharedForMs)) return shared.answer;
    underWay = true;
    shared = { answer: make().finally(() => (underWay = false)), startedAt: clock() };
    return shared.answer;
  };
}
