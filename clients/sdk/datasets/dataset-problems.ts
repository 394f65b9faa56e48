/**
 * Schema errors in plain words. They name fields by the schema's titles and never repeat what a document says:
 * errors end up in logs and on screens where a child's data must not.
 */
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Problem } from '../../../protocol/errors.ts';
import { pointer } from '../../../protocol/wire/describe-issues.ts';
import { nearestName } from '../nearest-name.ts';
import { resolveSchema, schemaAt, type DatasetSchema } from './dataset-schema.ts';

const maxProblems = 50;

/**
 * One problem for each thing to correct, in the order of the document's fields as Ajv met them.
 * @param namesUnknown points at fields that the data set does not know by their own names, which a document chose
 */
export function explainErrors(
  root: DatasetSchema,
  errors: readonly ErrorObject[],
  namesUnknown = false,
): Problem[] {
  const problems = new Map<string, Problem>();
  for (const error of errors) {
    // An `if` only repeats what its `then` has said.
    if (error.keyword === 'if') continue;
    const unknown = namesUnknown ? unknownField(error) : undefined;
    const problem =
      unknown === undefined
        ? { at: error.instancePath, message: explain(root, error) }
        : { at: error.instancePath + pointer([unknown]), message: describeNamed(root, error, unknown) };
    problems.set(`${problem.at} ${problem.message}`, problem);
  }
  return [...problems.values()].slice(0, maxProblems);
}

function unknownField({ params }: ErrorObject): string | undefined {
  const { additionalProperty, unevaluatedProperty } = params as Params;
  return [additionalProperty, unevaluatedProperty].find((name) => typeof name === 'string');
}

/** As {@link describeUnknown}, where the pointer ends at the field itself. */
function describeNamed(root: DatasetSchema, { instancePath }: ErrorObject, name: string): string {
  const fields = Object.keys(schemaAt(root, instancePath)?.properties ?? {});
  const nearest = nearestName(name, fields);
  const hint =
    nearest === undefined ? `the fields here are ${fields.join(', ')}` : `did you mean \`${nearest}\`?`;
  return `is not a field here; ${hint}`;
}

function explain(root: DatasetSchema, error: ErrorObject): string {
  const schema = schemaAt(root, error.instancePath) ?? {};
  const wording = wordings[error.keyword];
  return wording === undefined ? 'does not match the schema' : wording(error.params, schema, root);
}

type Params = Readonly<Record<string, unknown>>;
type Wording = (params: Params, schema: DatasetSchema, root: DatasetSchema) => string;

const wordings: Readonly<Record<string, Wording>> = {
  required: ({ missingProperty }, schema, root) => describeMissing(root, schema, String(missingProperty)),
  dependentRequired: ({ missingProperty }, schema, root) =>
    describeMissing(root, schema, String(missingProperty)),
  additionalProperties: ({ additionalProperty }, schema) =>
    describeUnknown(schema, String(additionalProperty)),
  unevaluatedProperties: ({ unevaluatedProperty }, schema) =>
    describeUnknown(schema, String(unevaluatedProperty)),
  type: ({ type }) => `must be ${kinds[String(type)] ?? String(type)}`,
  enum: ({ allowedValues }) => `must be one of ${(allowedValues as unknown[]).map(String).join(', ')}`,
  const: ({ allowedValue }) => `must be ${String(allowedValue)}`,
  format: ({ format }) => `must be ${formats[String(format)] ?? `a ${String(format)}`}`,
  pattern: (_params, { title = 'value', description }) =>
    description === undefined
      ? `is not a valid ${title}`
      : `is not a valid ${title} (${withoutStop(description)})`,
  minLength: ({ limit }) =>
    limit === 1 ? 'must not be empty' : `must have at least ${String(limit)} characters`,
  maxLength: ({ limit }) => `must have at most ${String(limit)} characters`,
  minItems: ({ limit }) =>
    limit === 1 ? 'must have at least one entry' : `must have at least ${String(limit)} entries`,
  maxItems: ({ limit }) => `must have at most ${limit === 1 ? 'one entry' : `${String(limit)} entries`}`,
  uniqueItems: ({ i, j }) =>
    `must not repeat an entry: numbers ${Math.min(Number(i), Number(j)) + 1} and ${Math.max(Number(i), Number(j)) + 1} are the same`,
  minimum: ({ limit }) => `must be ${String(limit)} or more`,
  maximum: ({ limit }) => `must be ${String(limit)} or less`,
};

const kinds: Record<string, string> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a group of fields',
  array: 'a list',
};

const formats: Record<string, string> = {
  date: 'a date such as 2019-04-30',
  'date-time': 'a date and time with its zone, such as 2026-11-23T09:30:00Z',
  email: 'an email address such as duty@agency.example',
};

function describeMissing(root: DatasetSchema, schema: DatasetSchema, name: string): string {
  const property = schema.properties?.[name];
  if (property === undefined) return `\`${name}\` is missing`;
  const { title = name, description } = resolveSchema(root, property);
  const words = description === undefined ? title : `${title}: ${withoutStop(description)}`;
  return `\`${name}\` is missing (${words})`;
}

/** The unknown name itself may be somebody's; it is repeated only where it is nearly a field's name. */
function describeUnknown(schema: DatasetSchema, name: string): string {
  const fields = Object.keys(schema.properties ?? {});
  const nearest = nearestName(name, fields);
  if (nearest !== undefined) return `\`${name}\` is not a field here; did you mean \`${nearest}\`?`;
  return `has a field that the data set does not know; the fields here are ${fields.join(', ')}`;
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
