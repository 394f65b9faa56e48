/** A document to begin with. */
import { resolveSchema, type DatasetSchema } from './dataset-schema.ts';

/** The schema's first example, or a document of its required fields from their examples and defaults. */
export function buildTemplate(root: DatasetSchema): unknown {
  return fill(root, root, 0);
}

const maxDepth = 12;

function fill(root: DatasetSchema, unresolved: DatasetSchema, depth: number): unknown {
  const schema = resolveSchema(root, unresolved);
  const given = [schema.examples?.[0], schema.default, schema.const, schema.enum?.[0]];
  const ready = given.find((value) => value !== undefined);
  if (ready !== undefined) return structuredClone(ready);
  if (schema.type === 'object' && depth < maxDepth) {
    const required = new Set(schema.required);
    const fields = Object.entries(schema.properties ?? {}).filter(([name]) => required.has(name));
    return Object.fromEntries(fields.map(([name, field]) => [name, fill(root, field, depth + 1)]));
  }
  if (schema.type === 'array') {
    const { items, minItems = 0 } = schema;
    return items === undefined ? [] : Array.from({ length: minItems }, () => fill(root, items, depth + 1));
  }
  return plainValue(schema);
}

function plainValue({ type, format, minimum = 0, title = 'text' }: DatasetSchema): unknown {
  if (format === 'date') return '2019-04-30';
  if (format === 'date-time') return '2026-11-23T09:30:00Z';
  if (format === 'email') return 'duty@agency.example';
  if (type === 'boolean') return false;
  if (type === 'integer' || type === 'number') return minimum;
  return title;
}
