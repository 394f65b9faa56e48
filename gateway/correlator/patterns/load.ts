/** Reads a pattern folder whole; a folder with any fault is refused with all of them. */
import { isUtf8 } from 'node:buffer';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CausewayError, type Problem } from '../../../protocol/errors.ts';
import type { JsonSchema } from '../../policy/datasets.ts';
import { describeProblems, sortProblems } from '../../policy/describe-problems.ts';
import { checkAlertRoom } from './alert-room.ts';
import { checkCommitteeForm } from './committee-form.ts';
import { compilePattern } from './compile-pattern.ts';
import { RuleCompiler } from './compile-rules.ts';
import { readDocuments, type CorrelationRuleDocument, type PatternFile } from './documents.ts';
import type { Fixture } from './document-schema.ts';
import type { Pattern } from './pattern.ts';
import { adviseSourceCap } from './source-cap-advice.ts';
import type { Words } from './words.ts';

/** The patterns of a folder, and what they say about themselves. */
export type PatternSet = {
  readonly patterns: readonly Pattern[];
  /** How many documents are rules that patterns name, and none themselves. */
  readonly supporting: number;
  readonly fixtures: ReadonlyMap<Pattern, readonly Fixture[]>;
  /** What may have been forgotten, and need not be there: no problems. Where `committee` is asked for only. */
  readonly advice: readonly Problem[];
  /** Where a fixture stands in its file, for messages. */
  readonly placeOf: (pattern: Pattern, fixture: number) => { readonly line: number; readonly column: number };
};

export type PatternOptions = {
  /**
   * `committee` asks for all that people need to judge a pattern: rationale, false positives, independence of
   * agencies, fixtures. `sigma` asks only for what is needed to run it.
   */
  readonly form: 'committee' | 'sigma';
  /** The agreement's words: a category can stand for a rule, and `committee` allows no other words. */
  readonly words?: Words | undefined;
  /** The data set of alerts: `committee` allows a pattern no more text than it has room for. */
  readonly alertSchema?: JsonSchema | undefined;
};

const maxFileBytes = 1024 * 1024;

/**
 * Loads every `*.yaml` and `*.yml` of a folder and of the folders in it.
 * @throws CausewayError `policy-invalid` with every problem: file within the folder, line, column, what to do
 */
export async function loadPatterns(dir: string, options: PatternOptions): Promise<PatternSet> {
  const problems: Problem[] = [];
  const files = await readPatternFiles(dir, problems);
  const set = parsePatterns(files, options, problems);
  if (set === undefined) throw invalidPatterns(dir, problems);
  return set;
}

/** The error for a folder that has problems. */
export function invalidPatterns(dir: string, found: readonly Problem[]): CausewayError {
  const problems = sortProblems(found);
  return new CausewayError('policy-invalid', { problems, detail: describeProblems(dir, problems) });
}

/** Compiles files that are in memory; `undefined` when there is any problem. */
export function parsePatterns(
  files: readonly PatternFile[],
  options: PatternOptions,
  problems: Problem[],
): PatternSet | undefined {
  const documents = readDocuments(files, problems);
  const compiler = new RuleCompiler(
    documents,
    { words: options.words ?? new Map(), areBinding: options.form === 'committee' },
    problems,
  );
  const correlations = documents.filter((document) => document.kind === 'correlation');
  const compiled = documents.map((document) => [document, compiler.compile(document)] as const);
  const patterns = new Map<Pattern, CorrelationRuleDocument>();
  for (const [document, rule] of compiled) {
    if (document.kind !== 'correlation' || rule?.kind !== 'correlation') continue;
    const { generate, correlation } = document.content;
    const standsAlone = (generate ?? correlation.generate) === true || !compiler.referred.has(document);
    if (standsAlone) patterns.set(compilePattern(document, rule, compiler), document);
  }
  const report = (document: CorrelationRuleDocument, path: readonly PropertyKey[], message: string): void =>
    compiler.report(document, path, message);
  checkIdentities(patterns, report);
  if (options.form === 'committee') {
    checkCommitteeForm(patterns, new Set(problems.map(({ at }) => at)), report);
    if (options.alertSchema !== undefined) checkAlertRoom(patterns.values(), options.alertSchema, report);
  }
  if (correlations.length === 0 && problems.length === 0) {
    problems.push({ at: '.', message: 'no pattern here: no YAML document with a `correlation`' });
  }
  if (problems.length > 0) return undefined;
  const advice = [...patterns].flatMap(([pattern, { file, source }]): Problem[] => {
    const message = options.form === 'committee' ? adviseSourceCap(pattern) : undefined;
    return message === undefined ? [] : [{ at: file, ...source.positionOf(['correlation']), message }];
  });
  const alerting = new Set<unknown>(patterns.values());
  return {
    patterns: [...patterns.keys()],
    supporting: [...compiler.referred].filter((document) => !alerting.has(document)).length,
    fixtures: new Map([...patterns].map(([pattern, { content }]) => [pattern, content.fixtures ?? []])),
    advice,
    placeOf: (pattern, fixture) =>
      patterns.get(pattern)?.source.positionOf(['fixtures', fixture]) ?? { line: pattern.line, column: 1 },
  };
}

type Report = (document: CorrelationRuleDocument, path: readonly PropertyKey[], message: string) => void;

/** One pattern of an id and version; versions of an id must not be in force together. */
function checkIdentities(patterns: ReadonlyMap<Pattern, CorrelationRuleDocument>, report: Report): void {
  const seen: Pattern[] = [];
  for (const [pattern, document] of patterns) {
    for (const other of seen) {
      if (other.id !== pattern.id) continue;
      if (other.version === pattern.version) {
        report(document, ['id'], `${other.file} has this \`id\` with version ${other.version} as well`);
      } else if (
        pattern.effective.fromMs < other.effective.untilMs &&
        other.effective.fromMs < pattern.effective.untilMs
      ) {
        report(document, ['effective'], `overlaps with version ${other.version} in ${other.file}`);
      }
    }
    seen.push(pattern);
  }
}

async function readPatternFiles(dir: string, problems: Problem[]): Promise<PatternFile[]> {
  const names = await listYaml(dir);
  const files: PatternFile[] = [];
  for (const name of names) {
    const bytes = await readPattern(join(dir, name)).catch(whyUnreadable);
    if (typeof bytes === 'string') problems.push({ at: name, message: bytes });
    else if (bytes.byteLength > maxFileBytes) {
      problems.push({ at: name, message: `is larger than ${maxFileBytes} bytes` });
    } else if (!isUtf8(bytes)) problems.push({ at: name, message: 'is not text in UTF-8' });
    else files.push({ name, text: bytes.toString('utf8') });
  }
  return files;
}

async function readPattern(path: string): Promise<Buffer | string> {
  const found = await stat(path);
  // A pipe would be waited for without end.
  return found.isFile() || found.isDirectory() ? readFile(path) : 'is not a file';
}

/** What keeps a file from being read, in words. @throws the error itself where it is no ordinary one */
function whyUnreadable(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  if (code === 'EISDIR') return 'is a folder; only a file may have a name with this ending';
  if (code === 'ENOENT') return 'cannot be read: it has gone, or is a link to a file that is not there';
  if (code === 'ELOOP') return 'cannot be read: it is a link that leads back to itself';
  if (code === 'EACCES') return 'cannot be read: permission denied';
  throw error;
}

async function listYaml(dir: string): Promise<string[]> {
  try {
    const names = await readdir(dir, { recursive: true });
    const isPattern = (name: string): boolean => /\.ya?ml$/.test(name) && !/(?:^|[/\\])\./.test(name);
    return names.filter(isPattern).sort((a, b) => (a < b ? -1 : 1));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    throw new CausewayError('policy-invalid', {
      detail: `The folder ${dir} cannot be read: ${reason}`,
      cause,
    });
  }
}
