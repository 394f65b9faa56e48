/** How deep the JSON Schema of a data set, or a document, may be. */

/** Groups within groups; people fill in a handful. Most of what walks a schema is bounded by the stack. */
export const maxSchemaDepth = 64;

/** True when a value of JSON holds more objects or lists within each other than this. */
export function isTooDeep(value: unknown, most = maxSchemaDepth): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.filter(isGroup).flatMap(Object.values);
  }
  return false;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
