/** From a person's details to the tokens that travel. */
import type { SubjectTokens } from '../../../protocol/linkage/subject-tokens.ts';
import { KeyedTokens, type LinkageKey } from './keyed-tokens.ts';
import { tokenInputs } from './readings.ts';
import type { SubjectDetails } from './subject.ts';

/** What linkage keys are derived for, unless an agreement names another purpose. */
export const linkagePurpose = 'child-protection';

/** Makes tokens with the linkage keys of an agreement. */
export class SubjectTokeniser {
  readonly #current: KeyedTokens;
  readonly #previous: KeyedTokens | undefined;

  /** `previous` is the key of the epoch that is being left: while it is given, tokens of both are made. */
  constructor(current: LinkageKey, previous?: LinkageKey, purpose: string = linkagePurpose) {
    this.#current = new KeyedTokens(current, purpose);
    this.#previous = previous && new KeyedTokens(previous, purpose);
  }

  tokensOf(subject: SubjectDetails): SubjectTokens {
    const inputs = tokenInputs(subject);
    const tokens = this.#current.tokensOf(inputs);
    return this.#previous === undefined ? tokens : { ...tokens, previous: this.#previous.tokensOf(inputs) };
  }
}
