/** The patterns of a data set's JSON Schema, which must hold nobody up who checks a document by them. */
import type { CodeOptions } from 'ajv/dist/core.js';
import { RE2JS } from 're2js';

/** A regular expression that cannot be used. */
export class RefusedPattern extends Error {
  override readonly name = 'RefusedPattern';
  readonly pattern: string;

  constructor(pattern: string, cause: unknown) {
    const reason =
      cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
    super(`the pattern ${pattern} cannot be used (policies/README.md says what can): ${reason}`);
    this.pattern = pattern;
  }
}

/**
 * For Ajv's `code.regExp`: `pattern` and `patternProperties` as JSON Schema means them (ECMA-262 with the flag `u`), matched by
 * RE2, whose time follows the length of the text. The language's own would take years for `^(a+)+$` and forty letters.
 * @throws RefusedPattern for what is no such pattern, and for what RE2 lacks
 */
export const linearRegExp: NonNullable<CodeOptions['regExp']> = Object.assign(
  // Ajv tells patterns apart by `toString`, which gives the translated one here.
  (pattern: string) => compile(pattern),
  // Only code that is written to a file would name it.
  { code: 'linearRegExp' },
);

function compile(pattern: string): RE2JS {
  try {
    // What RE2 alone takes would be refused, or read otherwise, by clients of other makes.
    new RegExp(pattern, 'u');
    return RE2JS.compile(RE2JS.translateRegExp(translate(pattern)));
  } catch (error) {
    throw new RefusedPattern(pattern, error);
  }
}

/** The members of `\s` and of what `.` leaves out, in ECMA-262; those of RE2 are fewer. */
const space =
  '\\t\\n\\x{b}\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const lineEnds = '\\n\\r\\x{2028}\\x{2029}';

const tokens = /\\[pP]\{(?:Script|sc)=(\w+)\}|\\u[dD][89a-fA-F]|\\[^]|\(\?[ims-]|\[\^?\]|[.[\]]/gu;

/** Puts in the place of what RE2 reads otherwise what it reads the same. @param pattern one that ECMA-262 takes */
function translate(pattern: string): string {
  let isInClass = false;
  return pattern.replaceAll(tokens, (token, script?: string) => {
    if (script !== undefined) return `${token.slice(0, 2)}{${script}}`;
    // RE2 reads the name of a class there, as in `[[:alpha:]`.
    if (token.startsWith('[') && isInClass) {
      isInClass = !token.endsWith(']');
      return `\\${token}`;
    }
    if (token === '[^]') return '(?s:.)';
    if (token === '[]') throw new Error('brackets with nothing in them');
    if (token === '[') isInClass = true;
    if (token === ']') isInClass = false;
    if (token === '.' && !isInClass) return `[^${lineEnds}]`;
    if (token === '\\s') return isInClass ? space : `[${space}]`;
    if (token === '\\S' && !isInClass) return `[^${space}]`;
    if (token === '\\S') throw new Error('`\\S` within brackets');
    if (token === '\\k') throw new Error('a back-reference');
    if (token.startsWith('(?') && !isInClass) throw new Error('flags within a pattern');
    if (token.startsWith('\\u') && token.length > 2) throw new Error('half a character; write `\\u{…}`');
    return token;
  });
}
