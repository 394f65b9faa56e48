/** Schema failures in words: JSON Pointers and what was expected, never the offending value. */
import type { z } from 'zod';
import type { Problem } from '../errors.ts';

/** Turns zod issues into a sentence and a list of problems, for a {@link CausewayError}. */
export function describeIssues(error: z.ZodError): { detail: string; problems: Problem[] } {
  const problems = error.issues.slice(0, 10).map((issue): Problem => ({
    at: pointer(issue.path),
    message: issue.code === 'unrecognized_keys' ? 'has a name that the schema does not know' : issue.message,
  }));
  const detail = problems.map(({ at, message }) => `${at || 'the whole'}: ${message}`).join('; ');
  return { detail: `${detail}.`, problems };
}

/** A path as a JSON Pointer (RFC 6901). */
export function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
