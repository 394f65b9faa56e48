/** Data sets in the hands of a client: check a document, explain the fields, start a new document. */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { createAjv } from '../../../protocol/datasets/ajv.ts';
import { isTooDeep } from '../../../protocol/datasets/depth.ts';
import { CausewayError, type Problem } from '../../../protocol/errors.ts';
import { dataschemaSchema } from '../../../protocol/wire/envelope.ts';
import { describeFields, type DatasetField } from './dataset-fields.ts';
import { explainErrors } from './dataset-problems.ts';
import { buildTemplate } from './dataset-template.ts';
import { findHalfCharacters } from './half-characters.ts';
import { isSchema, type DatasetSchema } from './dataset-schema.ts';

/** One line of the list of data sets. */
export type DatasetSummary = {
  /** `urn:causeway:dataset:NAME:VERSION`, for the envelope's `dataschema`. */
  readonly urn: string;
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
};

type Entry = {
  readonly summary: DatasetSummary;
  readonly schema: DatasetSchema;
  /** Stops at the first error. */
  compiled?: ValidateFunction;
  /** Finds all errors; made for the first document that has any. */
  thorough?: ValidateFunction;
};

const maxDocumentDepth = 1_000;
const tooDeep = `has groups within groups more than ${maxDocumentDepth} deep`;

/** Values in a document of which every error is told; of a larger one, which nobody corrects by hand, the first. */
const maxExplained = 2_000;

/**
 * The data sets of a sharing agreement, by URN. A schema is compiled when it is first used.
 * Compiling makes code of the schema: take schemas only from a gateway that the identity trusts.
 */
export class DatasetRegistry {
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  /**
   * A registry of these JSON Schemas (2020-12), each with its URN as `$id`.
   * @throws CausewayError `dataset-unknown` when one is not an object or has no such `$id`, or is nested too deeply
   */
  static of(schemas: readonly unknown[]): DatasetRegistry {
    const entries = schemas.map((schema): [string, Entry] => {
      const summary = isSchema(schema) ? summarise(schema) : undefined;
      if (!isSchema(schema) || summary === undefined) {
        throw new CausewayError('dataset-unknown', {
          detail: 'A schema has no `$id` of the form urn:causeway:dataset:NAME:VERSION.',
        });
      }
      if (isTooDeep(schema)) throw unusable(summary.urn);
      return [summary.urn, { summary, schema }];
    });
    return new DatasetRegistry(new Map(entries));
  }

  /** Every data set, in the order of their URNs. */
  list(): DatasetSummary[] {
    return [...this.#entries.values()].map(({ summary }) => summary).sort((a, b) => (a.urn < b.urn ? -1 : 1));
  }

  /** True when the registry has the data set. */
  has(urn: string): boolean {
    return this.#entries.has(urn);
  }

  /** True when the registry has the data set, and documents can be held against its schema. */
  isUsable(urn: string): boolean {
    const entry = this.#entries.get(urn);
    if (entry === undefined) return false;
    try {
      entry.compiled ??= compile(entry);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * What is wrong with a document: JSON Pointers (the empty one is the whole) and plain words, never its values.
   * Empty when it is in order. Of a document of more than 2,000 values, the first fault alone.
   * @param options.namesUnknown for whoever has the document before them, and not for logs: points at fields that the
   *   data set does not know by their own names
   * @throws CausewayError `dataset-unknown`
   */
  validate(urn: string, value: unknown, options: { readonly namesUnknown?: boolean } = {}): Problem[] {
    const entry = this.#get(urn);
    // Every form of a document is read by what goes down into it level by level.
    if (isTooDeep(value, maxDocumentDepth)) return [{ at: '', message: tooDeep }];
    const errors = findErrors(entry, value);
    const explained = errors.length === 0 ? [] : explainErrors(entry.schema, errors, options.namesUnknown);
    return [...explained, ...findHalfCharacters(value)];
  }

  /**
   * Refuses a document that does not match its data set.
   * @throws CausewayError `dataset-invalid` with the problems, or `dataset-unknown`
   */
  assertValid(urn: string, value: unknown): void {
    const problems = this.validate(urn, value);
    if (problems.length === 0) return;
    const detail = problems
      .map(({ at, message }) => `${at === '' ? 'the document' : at}: ${message}`)
      .join('; ');
    throw new CausewayError('dataset-invalid', { problems, detail: `${detail}.` });
  }

  /**
   * The fields of a data set, outer before inner, for people.
   * @throws CausewayError `dataset-unknown`
   */
  describe(urn: string): DatasetSummary & { readonly fields: DatasetField[] } {
    const { summary, schema } = this.#get(urn);
    return { ...summary, fields: describeFields(schema) };
  }

  /**
   * A document to begin with, which validates: the schema's own example, or one made from its fields.
   * @throws CausewayError `dataset-unknown`, or `dataset-invalid` when the schema offers nothing that validates
   */
  template(urn: string): unknown {
    const template = buildTemplate(this.#get(urn).schema);
    this.assertValid(urn, template);
    return template;
  }

  /**
   * The JSON Schema itself.
   * @throws CausewayError `dataset-unknown`
   */
  schema(urn: string): DatasetSchema {
    return this.#get(urn).schema;
  }

  #get(urn: string): Entry {
    const entry = this.#entries.get(urn);
    if (entry !== undefined) return entry;
    const known = this.list().map((summary) => summary.urn);
    const detail = known.length === 0 ? undefined : `There are: ${known.join(', ')}.`;
    throw new CausewayError('dataset-unknown', { detail });
  }
}

function summarise(schema: DatasetSchema): DatasetSummary | undefined {
  const parsed = dataschemaSchema.safeParse(schema.$id);
  if (!parsed.success) return undefined;
  const [name = '', version = ''] = parsed.data.split(':').slice(3);
  return {
    urn: parsed.data,
    name,
    version,
    title: schema.title ?? name,
    description: schema.description ?? '',
  };
}

function compile({ schema, summary }: Entry, allErrors = false): ValidateFunction {
  try {
    return createAjv({ allErrors }).compile(schema);
  } catch (cause) {
    throw unusable(summary.urn, cause);
  }
}

function unusable(urn: string, cause?: unknown): CausewayError {
  return new CausewayError('dataset-unknown', { detail: `The schema of ${urn} cannot be used.`, cause });
}

/**
 * Ajv copies the errors that it has whenever it adds those of a part: of a document with a hundred thousand faulty parts,
 * which any sender can make, finding all takes hours.
 */
function findErrors(entry: Entry, value: unknown): readonly ErrorObject[] {
  const quick = (entry.compiled ??= compile(entry));
  try {
    if (quick(value)) return [];
    const first = quick.errors ?? [];
    if (!hasAtMost(maxExplained, value)) return first;
    const thorough = (entry.thorough ??= compile(entry, true));
    return thorough(value) ? first : (thorough.errors ?? first);
  } catch (cause) {
    // A definition that leads to itself without end.
    if (cause instanceof RangeError) throw unusable(entry.summary.urn, cause);
    throw cause;
  }
}

/** True when a value of JSON, with all that is in it, is no more than this many values. */
function hasAtMost(most: number, value: unknown): boolean {
  const values = [value];
  for (const each of values) {
    if (typeof each !== 'object' || each === null) continue;
    const inner: unknown[] = Object.values(each);
    if (values.length + inner.length > most) return false;
    values.push(...inner);
  }
  return true;
}
