/** Schema failures in words: JSON Pointers and what was expected, never the offending value. */
import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import { wordsOfIssue } from './words-of-issue.ts';

const maxProblems = 10;

/** Turns zod issues into a sentence and a list of problems, for a {@link CausewayError}. */
export function describeIssues(error: z.ZodError): { detail: string; problems: Problem[] } {
  const problems = distinct(error.issues).slice(0, maxProblems);
  const detail = problems.map(({ at, message }) => `${at || 'the whole'}: ${message}`).join('; ');
  return { detail: `${detail}.`, problems };
}

/** A value may break two rules that are told in the same words. */
function distinct(issues: readonly z.core.$ZodIssue[]): Problem[] {
  const problems = issues.map(describe);
  return [...new Map(problems.map((problem) => [`${problem.at}\0${problem.message}`, problem])).values()];
}

/** A name that the schema does not allow is content as well: the pointer ends at the object that has it. */
function describe(issue: z.core.$ZodIssue): Problem {
  switch (issue.code) {
    case 'unrecognized_keys':
      return { at: pointer(issue.path), message: 'has a name that the schema does not know' };
    case 'invalid_key':
      return {
        at: pointer(issue.path.slice(0, -1)),
        message: 'has a name that does not have the right form',
      };
    default:
      return { at: pointer(issue.path), message: wordsOfIssue(issue) };
  }
}

/** A path as a JSON Pointer (RFC 6901). */
export function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
