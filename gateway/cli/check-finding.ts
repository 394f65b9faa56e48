/** What `gateway check` has found about one part of a gateway. */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { placeOf } from '../../terminal/describe-failure.ts';

export type Verdict = 'good' | 'warn' | 'bad';

export type Finding = {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly problems?: readonly string[];
};

export function good(check: string, detail: string): Finding {
  return { check, verdict: 'good', detail };
}

/** @throws what is no {@link CausewayError} */
export function failed(check: string, error: unknown): Finding {
  if (!isCausewayError(error)) throw error;
  const places = error.problems.map((problem) => `${placeOf(problem)}: ${problem.message}`);
  const detail = places.length === 0 ? error.message : new CausewayError(error.code).message;
  return { check, verdict: 'bad', detail, ...(places.length === 0 ? {} : { problems: places }) };
}
