/**
 * What the house asks of a data set beyond valid JSON Schema: people fill it in and people read its errors,
 * so every field has a title and a description, nothing unknown gets in, and there is an example to begin with.
 */
type Report = (path: readonly PropertyKey[], message: string) => void;
type Node = Readonly<Record<string, unknown>>;

const dialect = 'https://json-schema.org/draft/2020-12/schema';

/** Reports every place where a schema lacks what the house asks for. */
export function checkDatasetForm(schema: Node, urn: string, report: Report): void {
  if (schema.$schema !== dialect) report(['$schema'], `\`$schema\` must be ${dialect}`);
  if (schema.$id !== urn) report(['$id'], `\`$id\` must be ${urn}, as the file's place in the folder says`);
  if (schema.type !== 'object') report(['type'], '`type` must be object');
  if (!isText(schema.title)) report(['title'], '`title` is missing; people choose the data set by it');
  if (!isText(schema.description)) report(['description'], '`description` is missing');
  const { examples } = schema;
  if (!Array.isArray(examples) || examples.length === 0) {
    report(['examples'], '`examples` must hold at least one complete document, made of synthetic data');
  }
  visit(schema, schema, [], report);
}

/** Keywords under which further schemas stand. */
const mapsOfSchemas = ['properties', '$defs'];
const singleSchemas = ['items'];

function visit(root: Node, node: Node, path: readonly PropertyKey[], report: Report): void {
  const { properties } = node;
  if (isNode(properties)) {
    checkClosed(node, path, report);
    for (const [name, field] of Object.entries(properties)) {
      checkField(root, name, field, [...path, 'properties', name], report);
    }
  }
  for (const keyword of mapsOfSchemas) {
    for (const [name, child] of Object.entries(isNode(node[keyword]) ? node[keyword] : {})) {
      if (isNode(child)) visit(root, child, [...path, keyword, name], report);
    }
  }
  for (const keyword of singleSchemas) {
    if (isNode(node[keyword])) visit(root, node[keyword], [...path, keyword], report);
  }
}

function checkClosed(node: Node, path: readonly PropertyKey[], report: Report): void {
  if (node.additionalProperties === false || node.unevaluatedProperties === false) return;
  report(path, `${place(path)} must say \`"additionalProperties": false\`, so that nothing unknown gets in`);
}

function checkField(
  root: Node,
  name: string,
  field: unknown,
  path: readonly PropertyKey[],
  report: Report,
): void {
  if (!isNode(field)) {
    report(path, `the field \`${name}\` must be described by a schema with a title`);
    return;
  }
  const shared = resolve(root, field.$ref);
  for (const word of ['title', 'description']) {
    if (!isText(field[word]) && !isText(shared[word])) {
      report(path, `the field \`${name}\` has no \`${word}\`; people see it in forms and errors`);
    }
  }
}

function resolve(root: Node, reference: unknown): Node {
  const name = typeof reference === 'string' ? /^#\/\$defs\/([^/]+)$/.exec(reference)?.[1] : undefined;
  const definitions = root.$defs;
  const target = name !== undefined && isNode(definitions) ? definitions[name] : undefined;
  return isNode(target) ? target : {};
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the schema' : `/${path.map(String).join('/')}`;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
