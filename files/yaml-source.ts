/**
 * YAML (and JSON, its subset) with positions: problems name the line and column of what is wrong.
 */
import {
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
} from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';
import type { Problem } from '../protocol/errors.ts';
import type { Position } from './source-position.ts';

/** One parsed file. */
export type YamlSource = {
  readonly name: string;
  readonly document: Document.Parsed;
  /** What it says, as plain values. */
  readonly value: unknown;
  /** Where the thing at `path` stands: a scalar's own place, or the key that holds a collection. */
  readonly positionOf: (path: readonly PropertyKey[]) => Position;
  /** Where the key at `path` stands. */
  readonly positionOfKey: (path: readonly PropertyKey[]) => Position;
};

/** How far aliases may be followed. */
const expansion = { maxAliasCount: 100 } as const;

const parseOptions = { prettyErrors: false, uniqueKeys: true } as const;

/** Parses YAML strictly; syntax errors, doubled keys and unknown tags go to `problems`. */
export function parseYaml(name: string, text: string, problems: Problem[]): YamlSource | undefined {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, ...parseOptions });
  return sourceOf(name, text, document, lineCounter, problems);
}

/** The same for a file of several documents with `---` between them; those with faults are left out. */
export function parseYamlDocuments(name: string, text: string, problems: Problem[]): YamlSource[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, ...parseOptions });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => sourceOf(name, text, document, lineCounter, problems) ?? []);
}

function sourceOf(
  name: string,
  text: string,
  document: Document.Parsed,
  lines: LineCounter,
  problems: Problem[],
): YamlSource | undefined {
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults = tellingFaults([...document.errors, ...document.warnings]);
  for (const fault of faults) {
    problems.push({ at: name, ...place(fault.pos[0]), message: describeFault(text, fault) });
  }
  if (faults.length > 0) return undefined;
  let value: unknown;
  try {
    value = document.toJS(expansion);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    // Aliases of aliases would grow beyond all measure.
    problems.push({ at: name, line: 1, column: 1, message: 'its aliases (*name) stand for too much' });
    return undefined;
  }
  return {
    name,
    document,
    value,
    positionOf: (path) => place(offsetOf(document, path, false)),
    positionOfKey: (path) => place(offsetOf(document, path, true)),
  };
}

/** Reads the document as `schema`; every issue goes to `problems` with its place. */
export function readYaml<S extends z.ZodType>(
  source: YamlSource,
  schema: S,
  problems: Problem[],
): z.infer<S> | undefined {
  const result = schema.safeParse(source.value, { error: wording });
  if (result.success) return result.data;
  for (const issue of result.error.issues) problems.push(...placeIssue(source, issue));
  return undefined;
}

function placeIssue(source: YamlSource, issue: z.core.$ZodIssue): Problem[] {
  const at = source.name;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      at,
      ...source.positionOfKey([...issue.path, key]),
      message: `\`${key}\` is not a key that ${nameOf(issue.path, 'this file')} may have`,
    }));
  }
  return [
    {
      at,
      ...source.positionOf(issue.path),
      message: issue.path.length === 0 ? issue.message : `${nameOf(issue.path, '')} ${issue.message}`,
    },
  ];
}

/** zod's issues in the words of this project; `undefined` keeps a schema's own message. */
const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${kindName(issue.expected)}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small')
    return isSize(issue.origin) ? 'must not be empty' : `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') {
    if (!isSize(issue.origin)) return `must be at most ${issue.maximum}`;
    return `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'entries'}`;
  }
  if (issue.code === 'invalid_key') return 'must be a lower-case name such as nhs-lanarkshire';
  return undefined;
};

/** Whether a bound is about how much there is of something, and not about a number itself. */
function isSize(origin: string): boolean {
  return !['number', 'int', 'bigint'].includes(origin);
}

function kindName(expected: string): string {
  const names: Record<string, string> = {
    string: 'text',
    record: 'a list of names with a value each (name: value)',
    object: 'a group of keys (key: value)',
    array: 'a list ([one, two])',
    int: 'a whole number',
    boolean: 'true or false',
  };
  return names[expected] ?? `a ${expected}`;
}

function nameOf(path: readonly PropertyKey[], whole: string): string {
  return path.length === 0 ? whole : `\`${path.map(String).join('.')}\``;
}

type Fault = { readonly code: string; readonly message: string; readonly pos: readonly [number, number] };

/** One slip makes a parser complain about all that follows: the first complaint and every doubled key tell enough. */
function tellingFaults(faults: readonly Fault[]): Fault[] {
  const others = faults.filter(({ code }) => code !== 'DUPLICATE_KEY');
  const first = others.sort((a, b) => a.pos[0] - b.pos[0])[0];
  return faults.filter((fault) => fault === first || fault.code === 'DUPLICATE_KEY');
}

function describeFault(text: string, fault: Fault): string {
  const found = /^["']?([\w.-]+)/.exec(text.slice(fault.pos[0]))?.[1];
  if (fault.code === 'DUPLICATE_KEY')
    return `\`${found ?? 'this key'}\` is given twice; a name may stand only once`;
  // The parser goes down level by level, and tells where the stack ended in the words of the engine.
  if (/call stack|stack overflow/i.test(fault.message))
    return 'groups stand within groups too deep to be read';
  return `this is not valid YAML: ${fault.message.replace(/\s+/g, ' ').replace(/:$/, '')}`;
}

/** Follows a path as far as it goes; what is missing is placed at the entry that lacks it. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[], ofKey: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    const { value, key } = childOf(node, part);
    const atKey = ofKey || isCollection(value);
    const next = atKey ? (startOf(key) ?? startOf(value)) : (startOf(value) ?? startOf(key));
    if (next === undefined) break;
    offset = next;
    node = value;
  }
  return offset;
}

function childOf(node: unknown, part: PropertyKey): { key: unknown; value: unknown } {
  if (isSeq(node)) return { key: undefined, value: node.items[Number(part)] };
  if (!isMap(node)) return { key: undefined, value: undefined };
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return { key: pair?.key, value: pair?.value };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
