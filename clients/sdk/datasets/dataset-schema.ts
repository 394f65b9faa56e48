/** The part of JSON Schema 2020-12 that data sets use, and how to walk it. */

export type DatasetSchema = {
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, DatasetSchema>>;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, DatasetSchema>>;
  readonly required?: readonly string[];
  readonly items?: DatasetSchema;
  readonly minItems?: number;
  readonly minimum?: number;
};

/** True for a JSON object; its keywords are checked when the schema is compiled. */
export function isSchema(value: unknown): value is DatasetSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const maxReferences = 16;

/** Follows a `$ref` to `#/$defs/NAME`; what stands beside the reference (a title) goes before what it names. */
export function resolveSchema(root: DatasetSchema, schema: DatasetSchema): DatasetSchema {
  let resolved = schema;
  // Bounded, since a definition may refer to itself.
  for (let followed = 0; resolved.$ref !== undefined && followed < maxReferences; followed += 1) {
    const { $ref, ...beside } = resolved;
    const name = /^#\/\$defs\/([^/]+)$/.exec($ref)?.[1];
    const target = name === undefined ? undefined : root.$defs?.[name];
    if (target === undefined) return beside;
    resolved = { ...target, ...beside };
  }
  return resolved;
}

/** The schema of the place that a JSON Pointer names in a document; `undefined` where the schema has none. */
export function schemaAt(root: DatasetSchema, pointer: string): DatasetSchema | undefined {
  let schema: DatasetSchema | undefined = root;
  for (const part of partsOf(pointer)) {
    const here: DatasetSchema = resolveSchema(root, schema);
    const property = here.properties !== undefined && Object.hasOwn(here.properties, part);
    schema = property ? here.properties[part] : here.items;
    if (schema === undefined) return undefined;
  }
  return resolveSchema(root, schema);
}

/** The parts of a JSON Pointer (RFC 6901). */
function partsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
