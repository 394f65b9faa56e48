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

/**
 * Keywords under which schemas of further values stand. What stands under `if`, `not`, `contains` and the like is a
 * condition: nobody fills it in.
 */
const furtherValues = [
  'patternProperties',
  '$defs',
  'items',
  'prefixItems',
  'additionalProperties',
  'unevaluatedProperties',
];
/** Keywords whose schemas say more of the same value. */
const sameValue = ['allOf', 'anyOf', 'oneOf', 'then', 'else', 'dependentSchemas'];
const mapsOfSchemas: ReadonlySet<string> = new Set(['patternProperties', '$defs', 'dependentSchemas']);

function visit(root: Node, node: Node, path: readonly PropertyKey[], report: Report): void {
  if (isNode(node.properties)) checkClosed(node, path, report);
  visitValue(root, node, path, report, wordedFields(root, node));
}

/** @param worded the fields of this value that have their words somewhere; elsewhere a schema may narrow them without */
function visitValue(
  root: Node,
  node: Node,
  path: readonly PropertyKey[],
  report: Report,
  worded: ReadonlySet<string>,
): void {
  for (const [name, field] of fieldsOf(node)) {
    if (worded.has(name) && missingWords(root, field).length > 0) continue;
    const place = [...path, 'properties', name];
    checkField(root, name, field, place, report);
    if (isNode(field)) visit(root, field, place, report);
  }
  for (const [child, place] of schemasUnder(node, furtherValues)) {
    visit(root, child, [...path, ...place], report);
  }
  for (const [child, place] of schemasUnder(node, sameValue)) {
    visitValue(root, child, [...path, ...place], report, worded);
  }
}

function wordedFields(root: Node, node: Node): Set<string> {
  const own = fieldsOf(node).filter(([, field]) => missingWords(root, field).length === 0);
  const others = schemasUnder(node, sameValue).flatMap(([child]) => [...wordedFields(root, child)]);
  return new Set([...own.map(([name]) => name), ...others]);
}

function fieldsOf({ properties }: Node): [string, unknown][] {
  return Object.entries(isNode(properties) ? properties : {});
}

/** The schemas under these keywords, whether one stands there, a list or a map, and where. */
function schemasUnder(node: Node, keywords: readonly string[]): [Node, PropertyKey[]][] {
  return keywords.flatMap((keyword) => {
    const value = node[keyword];
    const isMany = Array.isArray(value) || mapsOfSchemas.has(keyword);
    const found: [unknown, PropertyKey[]][] = isMany
      ? Object.entries(value ?? {}).map(([key, child]): [unknown, PropertyKey[]] => [child, [keyword, key]])
      : [[value, [keyword]]];
    return found.filter((each): each is [Node, PropertyKey[]] => isNode(each[0]));
  });
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
  for (const word of missingWords(root, field)) {
    report(path, `the field \`${name}\` has no \`${word}\`; people see it in forms and errors`);
  }
}

function missingWords(root: Node, field: unknown): string[] {
  const own = isNode(field) ? field : {};
  const shared = resolve(root, own.$ref);
  return ['title', 'description'].filter((word) => !isText(own[word]) && !isText(shared[word]));
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
