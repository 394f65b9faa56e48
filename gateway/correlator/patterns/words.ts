/** The agreement's words that a pattern may use: a misspelt one is an error, not a rule that never applies. */
import { severities } from '../../../protocol/wire/envelope.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import type { EventField } from '../event.ts';

/** Field → the values that it can have; a field that is not listed may have any. */
export type Words = ReadonlyMap<EventField, ReadonlySet<string>>;

/** The words of a policy folder. */
export function wordsOf(policy: Pick<PolicySet, 'agencies' | 'categories'>): Words {
  const agencies = [...policy.agencies.values()];
  const categories = [...policy.categories.values()];
  return new Map<EventField, ReadonlySet<string>>([
    ['category', new Set(categories.map(({ id }) => id))],
    ['group', new Set(categories.map(({ group }) => group))],
    ['severity', new Set<string>(severities)],
    ['agency', new Set(agencies.map(({ id }) => id))],
    ['sector', new Set(agencies.map(({ sector }) => sector))],
    ['authority', new Set(agencies.map(({ authority }) => authority))],
  ]);
}
