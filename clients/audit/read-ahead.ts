/** Reads the next few while the present one is worked on. */

/** Calls `read` for 0 to `count` − 1, at most `depth` ahead, and gives the results in order. */
export async function* readAhead<T>(
  count: number,
  depth: number,
  read: (index: number) => Promise<T>,
): AsyncGenerator<readonly [index: number, value: T]> {
  const waiting: Promise<T>[] = [];
  let next = 0;
  try {
    for (let index = 0; index < count; index++) {
      while (next < count && waiting.length < depth) waiting.push(read(next++));
      const first = waiting.shift();
      if (first !== undefined) yield [index, await first];
    }
  } finally {
    // Whoever stops early wants nothing of the rest, and nothing of its failures.
    await Promise.allSettled(waiting);
  }
}
