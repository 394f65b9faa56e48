/** The documents of a pattern folder, and how rules are found by the names that other rules use. */
import { basename } from 'node:path';
import type { Problem } from '../../../protocol/errors.ts';
import { Recent } from '../../policy/recent.ts';
import { parseYamlDocuments, readYaml, type YamlSource } from '../../../files/yaml-source.ts';
import {
  foreignKeys,
  schemaFor,
  type BaseRuleDocument,
  type CorrelationDocument,
} from './document-schema.ts';

export type PatternFile = { readonly name: string; readonly text: string };

type Origin = { readonly file: string; readonly source: YamlSource };
/** One YAML document, read by its schema. */
export type RuleDocument = Origin &
  (
    | { readonly kind: 'base'; readonly content: BaseRuleDocument }
    | { readonly kind: 'correlation'; readonly content: CorrelationDocument }
  );
export type CorrelationRuleDocument = Extract<RuleDocument, { kind: 'correlation' }>;

/** Those of sound files, by name and text: the patterns beside the one that was changed need not be parsed again. */
const recent = new Recent<readonly RuleDocument[]>(100, 500_000);

/** Reads every document of every file; what is not understood goes to `problems` with its place. */
export function readDocuments(files: readonly PatternFile[], problems: Problem[]): RuleDocument[] {
  return files.flatMap(({ name, text }) => {
    const key = `${name}\0${text}`;
    const before = problems.length;
    const documents = recent.get(key) ?? parseDocuments(name, text, problems);
    if (problems.length === before) recent.keep(key, documents);
    return documents;
  });
}

function parseDocuments(name: string, text: string, problems: Problem[]): RuleDocument[] {
  const before = problems.length;
  const sources = parseYamlDocuments(name, text, problems);
  // A file that was cut to nothing must not take its pattern out of force without a word.
  if (sources.length === 0 && problems.length === before)
    problems.push({ at: name, line: 1, column: 1, message: 'is empty; remove a file that is not wanted' });
  return sources.flatMap((source) => readDocument(source, problems) ?? []);
}

function readDocument(source: YamlSource, problems: Problem[]): RuleDocument | undefined {
  const { value } = source;
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const keys = isMap ? Object.keys(value) : [];
  const fit = schemaFor(keys);
  if (fit === undefined) {
    problems.push(...whyNoRule(source, keys));
    return undefined;
  }
  const origin = { file: source.name, source };
  if (fit.kind === 'base') {
    const content = readYaml(source, fit.schema, problems);
    return content === undefined ? undefined : { ...origin, kind: 'base', content };
  }
  const content = readYaml(source, fit.schema, problems);
  return content === undefined ? undefined : { ...origin, kind: 'correlation', content };
}

function whyNoRule(
  { name, value, positionOf, positionOfKey }: YamlSource,
  keys: readonly string[],
): Problem[] {
  const whole = (message: string): Problem[] => [{ at: name, ...positionOf([]), message }];
  // All that is left of a document that was cut off: nobody can tell that from a slip.
  if (value === null) return whole('this document is empty; remove the `---` of one that is not wanted');
  const either = 'a document holds either a `correlation` or a `detection`';
  if (keys.includes('filter'))
    return [
      {
        at: name,
        ...positionOfKey(['filter']),
        message: 'Sigma filters are not understood here; write the condition into the rule',
      },
    ];
  // One of them may be meant for what is missing.
  const foreign = foreignKeys(keys);
  if (foreign.length === 0) return whole(`${either}; this one has neither`);
  return foreign.map((key) => ({
    at: name,
    ...positionOfKey([key]),
    message: `\`${key}\` is not a key that a rule may have; ${either}`,
  }));
}

/** `three-agencies.yaml` → `three-agencies`. */
export function stemOf(file: string): string {
  return basename(file).replace(/\.ya?ml$/, '');
}

/** Finds documents by `name`, `id`, file name or title; those of the same file come before all others. */
export class RuleDirectory {
  readonly #documents: readonly RuleDocument[];

  constructor(documents: readonly RuleDocument[]) {
    this.#documents = documents;
  }

  /** All that the name could mean at its most specific reading; more than one is ambiguous. */
  find(reference: string, file: string): readonly RuleDocument[] {
    const here = this.#documents.filter((document) => document.file === file);
    for (const documents of [here, this.#documents]) {
      for (const names of [nameAndId, onlyStem, onlyTitle]) {
        const found = documents.filter((document) => names(document).includes(reference));
        if (found.length > 0) return found;
      }
    }
    return [];
  }

  get names(): string[] {
    return this.#documents.flatMap(({ content }) => content.name ?? []);
  }
}

function nameAndId({ content }: RuleDocument): (string | undefined)[] {
  return [content.name, content.id];
}

function onlyStem({ file }: RuleDocument): string[] {
  return [stemOf(file)];
}

function onlyTitle({ content }: RuleDocument): (string | undefined)[] {
  return [content.title];
}
