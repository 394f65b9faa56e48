/** Texts that come one after the other are mostly alike: what they have in common need be read only once. */

/**
 * A reader that reads a part only where it differs from the last one that it has read.
 *
 * What it gives is given again: whoever hands on something that can be changed hands on a copy.
 */
export function rememberLast<T>(): (part: string, read: () => T) => T {
  let last: { readonly part: string; readonly result: T } | undefined;
  return (part, read) => {
    if (last?.part !== part) last = { part, result: read() };
    return last.result;
  };
}
