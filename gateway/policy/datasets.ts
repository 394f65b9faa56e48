/** `datasets/NAME/VERSION.json`: what a notice carries, as JSON Schema 2020-12 that people can read. */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { createAjv } from '../../protocol/datasets/ajv.ts';
import { isTooDeep, maxSchemaDepth } from '../../protocol/datasets/depth.ts';
import { RefusedPattern } from '../../protocol/datasets/pattern.ts';
import type { Problem } from '../../protocol/errors.ts';
import { hasRepeatedName } from '../../protocol/wire/repeated-name.ts';
import { checkDatasetForm } from './dataset-form.ts';
import { Recent } from './recent.ts';
import { positionAt, type Position } from '../../files/source-position.ts';
import { parseYaml, type YamlSource } from '../../files/yaml-source.ts';

/** A JSON Schema as parsed; the gateway only hands it on. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A structured document with a versioned schema. */
export type Dataset = {
  /** `urn:causeway:dataset:NAME:VERSION`, as it stands in an envelope's `dataschema`. */
  readonly urn: string;
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly schema: JsonSchema;
};

type Locate = (path: readonly PropertyKey[]) => Position;

/** Sound ones, by file and text: those beside the one that was changed need not be compiled again. */
const recent = new Recent<Dataset>(100, 1_000_000);

/** Reads one schema; `undefined` when anything is wrong with it, told to `problems`. */
export function readDataset(file: string, text: string, problems: Problem[]): Dataset | undefined {
  const key = `${file}\0${text}`;
  const known = recent.get(key) ?? compileDataset(file, text, problems);
  if (known !== undefined) recent.keep(key, known);
  return known;
}

function compileDataset(file: string, text: string, problems: Problem[]): Dataset | undefined {
  const faults: Problem[] = [];
  const source = parseJson(file, text, faults);
  if (source !== undefined) {
    const { schema, locate } = source;
    const find = (written: string): Position => positionAt(text, Math.max(text.indexOf(written), 0));
    const report = (path: readonly PropertyKey[], message: string): void => {
      faults.push({ at: file, ...locate(path), message });
    };
    checkDatasetForm(schema, urnOf(file), report);
    compileSchema(schema, report, (written, message) => {
      faults.push({ at: file, ...find(written), message });
    });
    if (faults.length === 0) return describeDataset(file, schema);
  }
  problems.push(...faults);
  return undefined;
}

function describeDataset(file: string, schema: JsonSchema): Dataset {
  const [, name = '', version = ''] = /^datasets\/([^/]+)\/(.+)\.json$/.exec(file) ?? [];
  const { title, description } = schema as { title: string; description: string };
  return { urn: urnOf(file), name, version, title, description, schema };
}

/** `datasets/ird-request/1.0.json` → `urn:causeway:dataset:ird-request:1.0`. */
function urnOf(file: string): string {
  return file.replace(/^datasets\/([^/]+)\/(.+)\.json$/, 'urn:causeway:dataset:$1:$2');
}

/**
 * JSON is read by JSON.parse, which is strict and quick. YAML, its superset, knows where everything stands and which
 * name is doubled; it is slow, and asked only when there is a fault to place.
 */
function parseJson(
  file: string,
  text: string,
  problems: Problem[],
): { schema: JsonSchema; locate: Locate } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const offset = /at position (\d+)/.exec(message)?.[1];
    const place = positionAt(text, offset === undefined ? text.length : Number(offset));
    const words = message.replace(/ in JSON at position.*$/s, '').replace(/,? "?\.{3}.*$/s, '');
    problems.push({ at: file, ...place, message: `this is not valid JSON: ${words}` });
    return undefined;
  }
  if (isTooDeep(value)) {
    const message = `groups stand within groups more than ${maxSchemaDepth} deep`;
    problems.push({ at: file, line: 1, column: 1, message });
    return undefined;
  }
  let source: YamlSource | undefined;
  if (hasRepeatedName(text)) {
    source = parseYaml(file, text, problems);
    if (source === undefined) return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push({ at: file, line: 1, column: 1, message: 'a data set must be a JSON object' });
    return undefined;
  }
  const locate: Locate = (path) => {
    source ??= parseYaml(file, text, []);
    return source?.positionOf(path) ?? { line: 1, column: 1 };
  };
  return { schema: value as JsonSchema, locate };
}

function compileSchema(
  schema: JsonSchema,
  report: (path: readonly PropertyKey[], message: string) => void,
  reportWritten: (written: string, message: string) => void,
): void {
  // One instance for each schema: they must stand alone, since clients receive them one by one.
  const ajv = createAjv(options);
  if (!checkMetaSchema(schema, report)) return;
  try {
    const validate = ajv.compile(schema);
    const examples = Array.isArray(schema.examples) ? schema.examples : [];
    examples.forEach((example, index) => {
      if (validate(example)) return;
      for (const error of validate.errors ?? []) {
        const path = ['examples', index, ...pathOf(error.instancePath)];
        report(path, `this example does not match the schema: ${describeAjvError(error)}`);
      }
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it cannot be compiled';
    const keyword = /unknown keyword: "(.+)"/.exec(message)?.[1];
    if (keyword !== undefined)
      reportWritten(`${JSON.stringify(keyword)}:`, `\`${keyword}\` is not a keyword of JSON Schema`);
    else if (error instanceof RefusedPattern) reportWritten(JSON.stringify(error.pattern), error.message);
    // Groups within groups are bounded: what is too deep for the stack is a way of references.
    else if (error instanceof RangeError)
      report([], 'a `$ref` leads back to itself, or through too many others');
    else report([], `the schema cannot be used: ${message}`);
  }
}

/** Making the code shorter takes longer than running it as it is; the schema itself is checked before. */
const options = { allErrors: true, validateSchema: false, code: { optimize: false } } as const;

/** Compiled once, when the first data set is read: it takes as long as compiling one of them. */
let metaSchema: ValidateFunction | undefined;

function checkMetaSchema(
  schema: JsonSchema,
  report: (path: readonly PropertyKey[], message: string) => void,
): boolean {
  metaSchema ??= createAjv(options).getSchema('https://json-schema.org/draft/2020-12/schema');
  if (metaSchema === undefined) throw new RangeError('Ajv brings no meta-schema 2020-12');
  if (metaSchema(schema)) return true;
  const seen = new Set<string>();
  for (const error of metaSchema.errors ?? []) {
    const message = `is not valid JSON Schema 2020-12: ${describeAjvError(error)}`;
    if (!seen.has(error.instancePath))
      report(pathOf(error.instancePath), `${error.instancePath || '/'} ${message}`);
    seen.add(error.instancePath);
  }
  return false;
}

function describeAjvError(error: ErrorObject): string {
  const { allowedValues, additionalProperty } = error.params as {
    allowedValues?: unknown[];
    additionalProperty?: string;
  };
  const message = error.message ?? 'does not match';
  if (allowedValues !== undefined) return `${message}: ${allowedValues.map(String).join(', ')}`;
  return additionalProperty === undefined ? message : `${message}: ${additionalProperty}`;
}

/** The parts of a JSON Pointer (RFC 6901). */
function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
