/**
 * What both sides hold the JSON Schema of a data set to, so that none can hold up, or bring down, whoever reads it or
 * checks a document by it.
 */
import type { CodeOptions } from 'ajv/dist/core.js';
import { RE2JS } from 're2js';

/** Groups within groups; people fill in a handful. Most of what walks a schema is bounded by the stack. */
export const maxSchemaDepth = 64;

/** True when a value of JSON holds more than {@link maxSchemaDepth} objects or lists within each other. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxSchemaDepth) return true;
    level = level.filter(isGroup).flatMap(Object.values);
  }
  return false;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A regular expression that cannot be used. */
export class RefusedPattern extends Error {
  override readonly name = 'RefusedPattern';
  readonly pattern: string;

  constructor(pattern: string, cause: unknown) {
    const reason =
      cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
    super(`the pattern ${pattern} cannot be used (RE2 without look-around and back-references): ${reason}`);
    this.pattern = pattern;
  }
}

/**
 * For Ajv's `code.regExp`: `pattern` and `patternProperties` by RE2, whose time follows the length of the text. The
 * language's own would take years for `^(a+)+$` and forty letters.
 * @throws RefusedPattern
 */
export const linearRegExp: NonNullable<CodeOptions['regExp']> = Object.assign(
  // Ajv tells patterns apart by `toString`, which gives the pattern here.
  (pattern: string) => compile(pattern),
  // Only code that is written to a file would name it.
  { code: 'linearRegExp' },
);

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch (error) {
    throw new RefusedPattern(pattern, error);
  }
}
