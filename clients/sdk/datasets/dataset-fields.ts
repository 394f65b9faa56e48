/** The fields of a data set as a list that people read. */
import { resolveSchema, type DatasetSchema } from './dataset-schema.ts';

export type DatasetField = {
  /** JSON Pointer within a document, with `*` in place of the number of a list's entry. */
  readonly pointer: string;
  readonly title: string;
  /** In words: `text`, `date (2019-04-30)`, `one of: yes, no, not-known`, `list`. */
  readonly type: string;
  /** Whether the group that holds the field must have it. */
  readonly required: boolean;
  readonly description: string;
};

/** Bounds for schemas whose definitions contain themselves. */
const maxDepth = 12;
const maxFields = 2000;

/** Every field, a group before its parts, in the order of the schema. */
export function describeFields(root: DatasetSchema): DatasetField[] {
  const fields: DatasetField[] = [];
  const visit = (schema: DatasetSchema, pointer: string, depth: number): void => {
    const required = new Set(schema.required);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (fields.length >= maxFields) return;
      const field = resolveSchema(root, property);
      const at = `${pointer}/${name}`;
      const { title = name, description = '' } = field;
      fields.push({
        pointer: at,
        title,
        type: describeType(root, field),
        required: required.has(name),
        description,
      });
      if (depth >= maxDepth) continue;
      visit(field, at, depth + 1);
      if (field.items !== undefined) visit(resolveSchema(root, field.items), `${at}/*`, depth + 1);
    }
  };
  visit(root, '', 0);
  return fields;
}

/** What may stand in a place, in a few words. */
function describeType(root: DatasetSchema, schema: DatasetSchema): string {
  if (schema.enum !== undefined) return `one of: ${schema.enum.map(String).join(', ')}`;
  if (schema.const !== undefined) return `always ${JSON.stringify(schema.const)}`;
  if (schema.format !== undefined) return formats[schema.format] ?? schema.format;
  if (schema.type === 'array') {
    const items = schema.items === undefined ? undefined : resolveSchema(root, schema.items);
    return items === undefined || items.type === 'object' ? 'list' : `list of ${describeType(root, items)}`;
  }
  return names[String(schema.type)] ?? 'any';
}

const formats: Record<string, string> = {
  date: 'date (2019-04-30)',
  'date-time': 'date and time (2026-11-23T09:30:00Z)',
  email: 'email address',
};
const names: Record<string, string> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'whole number',
  number: 'number',
  object: 'group',
};
