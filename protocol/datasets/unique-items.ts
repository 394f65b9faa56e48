/** JSON Schema's `uniqueItems` in a time that follows the length of the list: Ajv's own compares each entry with each. */
import type { FuncKeywordDefinition, SchemaValidateFunction } from 'ajv/dist/types/index.js';

const check: SchemaValidateFunction = (isAsked: boolean, list: readonly unknown[]) => {
  if (!isAsked) return true;
  const places = new Map<string, number>();
  for (const [i, entry] of list.entries()) {
    const text = canonical(entry);
    const j = places.get(text);
    if (j !== undefined) {
      check.errors = [{ keyword: 'uniqueItems', params: { i, j }, message: 'must not have entries twice' }];
      return false;
    }
    places.set(text, i);
  }
  return true;
};

/** Takes the place of the keyword of that name, see `Ajv.removeKeyword`. */
export const uniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  errors: true,
  validate: check,
};

/** One text for each value of JSON, in whatever order its names stand. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
