/** A name that stands twice in one object: parsers differ in which of the values they keep. */

/** A string, with the colon that makes a name of it; or a brace. What lies outside of strings is no quote. */
const token = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g;

/** True where some object in the text has a name twice. @param json a text that JSON.parse takes */
export function hasRepeatedName(json: string): boolean {
  return findRepeatedName(json) !== undefined;
}

/**
 * Where a name stands for the second time in its object, however its letters are escaped.
 * @param json a text that JSON.parse takes
 * @returns its place in the text; undefined where there is none
 */
export function findRepeatedName(json: string): number | undefined {
  const open: Set<string>[] = [];
  for (const { 0: brace, 1: text, 2: colon, index } of json.matchAll(token)) {
    if (brace === '{') open.push(new Set());
    else if (brace === '}') open.pop();
    else if (text !== undefined && colon !== undefined) {
      const name = JSON.parse(text) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return index;
      names?.add(name);
    }
  }
  return undefined;
}
