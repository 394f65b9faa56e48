/** Validates a pattern folder against a sharing agreement and runs every fixture in it. */
import { CausewayError, type Problem } from '../../protocol/errors.ts';
import { alertDataset } from '../policy/alerts.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { invalidPatterns, loadPatterns, type PatternOptions, type PatternSet } from './patterns/load.ts';
import { wordsOf } from './patterns/words.ts';
import { runFixture } from './run-fixture.ts';

/** A sound folder, and how many fixtures came out as they say. */
export type CheckedPatterns = { readonly set: PatternSet; readonly fixtures: number };

/**
 * @throws CausewayError `policy-invalid` with every problem: file within the folder, line, column, what is wrong
 */
export async function checkPatterns(
  dir: string,
  policy: PolicySet,
  form: PatternOptions['form'],
): Promise<CheckedPatterns> {
  const alertSchema = policy.datasets.get(alertDataset)?.schema;
  const set = await loadPatterns(dir, { form, words: wordsOf(policy), alertSchema });
  const problems: Problem[] = [];
  let fixtures = 0;
  for (const [pattern, examples] of set.fixtures) {
    examples.forEach((fixture, index) => {
      fixtures += 1;
      for (const difference of runFixture(pattern, fixture, policy)) {
        const message = `fixture \`${fixture.title}\`: ${difference}`;
        problems.push({ at: pattern.file, ...set.placeOf(pattern, index), message });
      }
    });
  }
  if (problems.length > 0) throw invalidPatterns(dir, problems);
  return { set, fixtures };
}

/** Prefixes the problems of a folder within another one. */
export function placeWithin(folder: string, error: CausewayError): CausewayError {
  const problems = error.problems.map((problem) => ({ ...problem, at: `${folder}/${problem.at}` }));
  return new CausewayError(error.code, { problems, detail: error.detail, cause: error.cause });
}
