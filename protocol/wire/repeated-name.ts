/** A name that stands twice in one object: parsers differ in which of the values they keep. */

/** A string, with the colon that makes a name of it; or a brace. What lies outside of strings is no quote. */
const token = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g;

/**
 * True where some object in the text has a name twice, however its letters are escaped.
 * @param json a text that JSON.parse takes
 */
export function hasRepeatedName(json: string): boolean {
  const open: Set<string>[] = [];
  for (const [brace, text, colon] of json.matchAll(token)) {
    if (brace === '{') open.push(new Set());
    else if (brace === '}') open.pop();
    else if (text !== undefined && colon !== undefined) {
      const name = JSON.parse(text) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return true;
      names?.add(name);
    }
  }
  return false;
}
