/** A name that stands twice in one object: parsers differ in which of the values they keep. */

const quote = 0x22;
const backslash = 0x5c;
const opening = 0x7b;
const closing = 0x7d;
/** What may stand between a name and its colon. */
const colon = /[ \t\r\n]*:/y;

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
  for (let at = 0; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char === opening) open.push(new Set());
    else if (char === closing) open.pop();
    else if (char === quote) {
      const end = endOfString(json, at);
      colon.lastIndex = end;
      if (colon.test(json)) {
        const name = JSON.parse(json.slice(at, end)) as string;
        const names = open.at(-1);
        if (names?.has(name) === true) return at;
        names?.add(name);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** By hand: an expression would remember each escape of a string of millions. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (; at < json.length && json.charCodeAt(at) !== quote; at += 1) {
    if (json.charCodeAt(at) === backslash) at += 1;
  }
  return at + 1;
}
