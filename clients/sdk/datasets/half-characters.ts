/** Text with half of a surrogate pair, which has no form in UTF-8: another character would be read in its place. */
import type { Problem } from '../../../protocol/errors.ts';
import { pointer } from '../../../protocol/wire/describe-issues.ts';

const maxProblems = 50;

/** Where a document has such text, and in an object's names where such a name is. Recurses: not for what is deep. */
export function findHalfCharacters(document: unknown): Problem[] {
  const problems: Problem[] = [];
  visit(document, [], problems);
  return problems;
}

function visit(value: unknown, path: readonly PropertyKey[], problems: Problem[]): void {
  if (problems.length >= maxProblems) return;
  if (typeof value === 'string' && !value.isWellFormed())
    problems.push({ at: pointer(path), message: 'must be whole Unicode characters' });
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name.isWellFormed()) visit(inner, [...path, name], problems);
    else problems.push({ at: pointer(path), message: 'has a name that is not whole Unicode characters' });
  }
}
