/**
 * Sigma's condition of a detection: `selection and not 1 of filter*`. From least to most binding:
 * or, and, not, `1 of` / `all of`, brackets. A list of conditions is joined by OR.
 */
import type { CorrelatorEvent } from '../event.ts';

/** Whether an event is one of those that are looked for. */
export type Predicate = (event: CorrelatorEvent) => boolean;

/** Brackets count as well. Without a bound, a condition could be nested deeper than the stack is. */
const maxWords = 1000;

type Searches = ReadonlyMap<string, Predicate>;

/** Compiles the condition over the named searches; what is not understood is reported. */
export function parseDetectionCondition(
  condition: unknown,
  searches: Searches,
  report: (message: string) => void,
): Predicate {
  const lines: unknown[] = Array.isArray(condition) ? condition : [condition];
  const parts = lines.map((line) => {
    if (typeof line === 'string' && line.trim() !== '') {
      const words = line.match(/[()]|[^\s()]+/g) ?? [];
      if (words.length <= maxWords) return new Parser(words, searches, report).parse();
      report(`the condition has ${words.length} words; more than ${maxWords} are not read`);
      return () => false;
    }
    report('must say which selections an event has to match, such as `selection`');
    return () => false;
  });
  return (event) => parts.some((part) => part(event));
}

class Parser {
  readonly #words: string[];
  readonly #searches: Searches;
  readonly #report: (message: string) => void;

  constructor(words: string[], searches: Searches, report: (message: string) => void) {
    this.#words = words;
    this.#searches = searches;
    this.#report = report;
  }

  parse(): Predicate {
    const all = this.#or();
    const [rest] = this.#words;
    if (rest !== undefined) this.#report(`\`${rest}\` is not expected here in a condition`);
    return all;
  }

  #or(): Predicate {
    const parts = [this.#and()];
    while (this.#take('or')) parts.push(this.#and());
    return (event) => parts.some((part) => part(event));
  }

  #and(): Predicate {
    const parts = [this.#not()];
    while (this.#take('and')) parts.push(this.#not());
    return (event) => parts.every((part) => part(event));
  }

  #not(): Predicate {
    if (!this.#take('not')) return this.#atom();
    const inner = this.#not();
    return (event) => !inner(event);
  }

  #atom(): Predicate {
    if (this.#take('(')) {
      const inner = this.#or();
      if (!this.#take(')')) this.#report('a bracket is not closed in this condition');
      return inner;
    }
    const word = this.#words.shift();
    if (word === undefined) return this.#fail('the condition ends too early');
    if (/^(?:1|any|all)$/i.test(word) && this.#take('of')) return this.#some(word.toLowerCase() === 'all');
    return (
      this.#searches.get(word) ??
      this.#fail(`there is no selection \`${word}\`; there are ${[...this.#searches.keys()].join(', ')}`)
    );
  }

  #some(isAll: boolean): Predicate {
    const word = this.#words.shift() ?? '';
    const wanted =
      word.toLowerCase() === 'them'
        ? [...this.#searches].filter(([name]) => !name.startsWith('_'))
        : [...this.#searches].filter(([name]) => globOf(word).test(name));
    if (wanted.length === 0) return this.#fail(`no selection has a name like \`${word}\``);
    const parts = wanted.map(([, predicate]) => predicate);
    return isAll
      ? (event) => parts.every((part) => part(event))
      : (event) => parts.some((part) => part(event));
  }

  #take(word: string): boolean {
    if (this.#words[0]?.toLowerCase() !== word) return false;
    this.#words.shift();
    return true;
  }

  #fail(message: string): Predicate {
    this.#report(message);
    return () => false;
  }
}

function globOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
