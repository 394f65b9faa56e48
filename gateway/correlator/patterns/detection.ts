/**
 * Sigma detections over an event's metadata: maps are joined by AND, lists by OR, text is compared without regard to
 * case and may hold the wildcards `*` and `?`. Modifiers: contains, startswith, endswith, cased, re, exists, all, neq,
 * and gt, gte, lt, lte for `severity` (graver is greater) and `subjects`.
 */
import { RE2JS } from 're2js';
import { eventFields, fieldOf, severityRank, type CorrelatorEvent, type EventField } from '../event.ts';
import { severities } from '../../../protocol/wire/envelope.ts';
import { parseDetectionCondition, type Predicate } from './detection-condition.ts';

/** Tells what is wrong at a place within the detection. */
export type ReportFault = (path: readonly PropertyKey[], message: string) => void;
/** Called with each literal value of a field, to check it against the agreement's words. */
export type CheckWord = (path: readonly PropertyKey[], field: EventField, value: string) => void;

const fieldNames = new Map<string, EventField>([
  ...eventFields.map((field): [string, EventField] => [field, field]),
  ['kind', 'sector'],
]);
const matchers = ['contains', 'startswith', 'endswith', 're', 'exists', 'gt', 'gte', 'lt', 'lte'] as const;
type Matcher = (typeof matchers)[number];
const modifiers: readonly string[] = [...matchers, 'cased', 'all', 'neq'];

/** The field that a name means; case does not matter, and `kind` is the sector. */
export function eventFieldOf(name: string): EventField | undefined {
  return fieldNames.get(name.toLowerCase());
}

/** Words for a name that is no field of an event. */
export function unknownField(name: string): string {
  return `\`${name}\` is not a field of an event; an event has ${eventFields.join(', ')}`;
}

/** Compiles a detection; faults are reported, and with any the result must not be used. */
export function compileDetection(
  detection: Readonly<Record<string, unknown>>,
  report: ReportFault,
  checkWord: CheckWord,
): Predicate {
  const searches = new Map<string, Predicate>();
  for (const [name, search] of Object.entries(detection)) {
    if (name === 'condition' || name === 'timeframe') continue;
    searches.set(name, compileSearch(search, [name], report, checkWord));
  }
  if ('timeframe' in detection) {
    report(['timeframe'], '`timeframe` is Sigma of old; write a correlation with a `timespan`');
  }
  return parseDetectionCondition(conditionOf(detection, searches), searches, (message) =>
    report(['condition'], message),
  );
}

/** A lone selection needs no condition. */
function conditionOf(detection: Readonly<Record<string, unknown>>, searches: ReadonlyMap<string, Predicate>) {
  if (detection.condition !== undefined) return detection.condition;
  return searches.size === 1 ? [...searches.keys()][0] : undefined;
}

function compileSearch(
  search: unknown,
  path: readonly PropertyKey[],
  report: ReportFault,
  checkWord: CheckWord,
): Predicate {
  if (Array.isArray(search)) {
    const parts = search.map((part, index) => compileSearch(part, [...path, index], report, checkWord));
    return (event) => parts.some((part) => part(event));
  }
  if (typeof search !== 'object' || search === null) {
    const name = `\`${path.map(String).join('.')}\``;
    report(
      path,
      `${name} must be fields with values (category: ae-attendance); an event has no text to search`,
    );
    return () => false;
  }
  const parts = Object.entries(search).map(([key, value]) =>
    compileField(key, value, [...path, key], report, checkWord),
  );
  return (event) => parts.every((part) => part(event));
}

function compileField(
  key: string,
  value: unknown,
  path: readonly PropertyKey[],
  report: ReportFault,
  checkWord: CheckWord,
): Predicate {
  const [name = '', ...given] = key.split('|');
  const field = eventFieldOf(name);
  const strange = given.find((modifier) => !modifiers.includes(modifier));
  if (field === undefined) report(path, unknownField(name));
  // What a rule says of an event follows from its kind alone, and is remembered for that kind.
  if (field === 'id')
    report(path, '`id` tells one notice from another; a detection is about kinds of notices');
  if (strange !== undefined) {
    report(path, `\`${strange}\` is not a modifier that is understood; they are ${modifiers.join(', ')}`);
  }
  const used = given.filter((modifier): modifier is Matcher => matchers.some((known) => known === modifier));
  if (used.length > 1) report(path, `\`${used.join('` and `')}\` cannot stand together`);
  if (field === undefined || strange !== undefined) return () => false;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const tests = values.map((one, index) => {
    const at = Array.isArray(value) ? [...path, index] : path;
    if (used.length === 0 && typeof one === 'string' && !/[*?\\]/.test(one)) checkWord(at, field, one);
    return compileValue(field, one, used[0], given.includes('cased'), (message) =>
      report(at, `\`${key}\` ${message}`),
    );
  });
  const isAll = given.includes('all');
  const test = (event: CorrelatorEvent): boolean =>
    isAll ? tests.every((one) => one(event)) : tests.some((one) => one(event));
  return given.includes('neq') ? (event) => !test(event) : test;
}

function compileValue(
  field: EventField,
  value: unknown,
  matcher: Matcher | undefined,
  isCased: boolean,
  report: (message: string) => void,
): Predicate {
  if (matcher === 'exists') {
    if (typeof value !== 'boolean') report('must be true or false after `exists`');
    return (event) => (fieldOf(event, field) !== undefined) === value;
  }
  if (value === null) return (event) => fieldOf(event, field) === undefined;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    report('must be text, a number, or a list of these');
    return () => false;
  }
  if (matcher === 'gt' || matcher === 'gte' || matcher === 'lt' || matcher === 'lte') {
    return compileComparison(field, String(value), matcher, report);
  }
  const matches = compileText(String(value), matcher, isCased, report);
  return (event) => {
    const found = fieldOf(event, field);
    return found !== undefined && matches(found);
  };
}

function compileComparison(
  field: EventField,
  value: string,
  matcher: 'gt' | 'gte' | 'lt' | 'lte',
  report: (message: string) => void,
): Predicate {
  const measure = (text: string): number => (field === 'severity' ? -severityRank(text) : Number(text));
  const isKnown = field === 'severity' ? severities.some((known) => known === value) : /^\d+$/.test(value);
  if (field !== 'severity' && field !== 'subjects') {
    report(`cannot be compared: \`${matcher}\` compares \`severity\` and \`subjects\` only`);
  } else if (!isKnown) {
    report(
      field === 'severity' ? `must be one of ${severities.join(', ')}` : 'must be a whole number, 0 or more',
    );
  }
  const bound = measure(value);
  const compare = {
    gt: (found: number) => found > bound,
    gte: (found: number) => found >= bound,
    lt: (found: number) => found < bound,
    lte: (found: number) => found <= bound,
  }[matcher];
  return (event) => compare(measure(fieldOf(event, field) ?? ''));
}

/** Expressions of others are matched in time that follows the text: with a RegExp, one could hold a gateway up for ever. */
function compileText(
  value: string,
  matcher: Matcher | undefined,
  isCased: boolean,
  report: (message: string) => void,
): (text: string) => boolean {
  if (matcher === undefined && !/[*?\\]/.test(value)) {
    const word = isCased ? value : value.toLowerCase();
    return (text) => text === word || (!isCased && text.toLowerCase() === word);
  }
  const start = matcher === 'contains' || matcher === 'endswith' ? '' : '^';
  const end = matcher === 'contains' || matcher === 'startswith' ? '' : '$';
  const source = matcher === 're' ? value : `${start}${wildcards(value)}${end}`;
  const flags = isCased || matcher === 're' ? RE2JS.DOTALL : RE2JS.DOTALL | RE2JS.CASE_INSENSITIVE;
  try {
    const expression = RE2JS.compile(source, flags);
    return (text) => expression.matcher(text).find();
  } catch {
    report(
      'is not a regular expression as RE2 understands it, which has no references and looks neither ahead nor back',
    );
    return () => false;
  }
}

/** Sigma's wildcards as a regular expression; `\*` and `\?` are the characters themselves. */
function wildcards(value: string): string {
  return value.replace(/\\([*?\\])|([*?])|[.+^${}()|[\]\\/-]/g, (all, escaped?: string, wild?: string) => {
    if (escaped !== undefined) return `\\${escaped}`;
    if (wild !== undefined) return wild === '*' ? '.*' : '.';
    return `\\${all}`;
  });
}
