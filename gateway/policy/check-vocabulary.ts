/** What can be said at all: words that the sharing agreement does not know never reach its policies. */
import type { Category, Term } from './categories.ts';
import type { Dataset } from './datasets.ts';
import type { DecisionRequest, Refusal } from './decision.ts';

/** The words of a policy folder. */
export type KnownWords = {
  readonly categories: ReadonlyMap<string, Category>;
  readonly purposes: ReadonlyMap<string, Term>;
  readonly bases: ReadonlyMap<string, Term>;
  readonly datasets: ReadonlyMap<string, Dataset>;
};

type Words = Pick<DecisionRequest, 'category' | 'severity' | 'purpose' | 'basis' | 'dataschema'>;

/** The first thing about the request that the agreement does not know or allow; `undefined` when all is well. */
export function checkVocabulary(known: KnownWords, request: Words): Refusal | undefined {
  const category = known.categories.get(request.category);
  if (category === undefined)
    return { code: 'category-unknown', detail: suggest('categories', known.categories) };
  if (!category.severities.includes(request.severity)) {
    const detail = `A notice of category ${category.id} has severity ${listOr(category.severities)}.`;
    return { code: 'policy-denied', detail };
  }
  if (!known.purposes.has(request.purpose)) {
    return { code: 'policy-denied', detail: suggest('purposes', known.purposes) };
  }
  if (!known.bases.has(request.basis)) {
    return { code: 'policy-denied', detail: suggest('lawful bases', known.bases) };
  }
  return checkContent(known, category, request.dataschema);
}

function checkContent(known: KnownWords, category: Category, urn: string | undefined): Refusal | undefined {
  const mayBeText = category['free-text'];
  if (urn === undefined && mayBeText) return undefined;
  const fitting = [
    ...category.datasets.map((name) => `the data set ${name}`),
    ...(mayBeText ? ['free text'] : []),
  ];
  const detail = `A notice of category ${category.id} carries ${listOr(fitting)}.`;
  if (urn === undefined) return { code: 'policy-denied', detail };
  const dataset = known.datasets.get(urn);
  if (dataset === undefined) return { code: 'dataset-unknown', detail: suggest('data sets', known.datasets) };
  return category.datasets.includes(dataset.name) ? undefined : { code: 'policy-denied', detail };
}

function suggest(what: string, words: ReadonlyMap<string, unknown>): string {
  return `Its ${what} are ${[...words.keys()].join(', ')}.`;
}

function listOr(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
