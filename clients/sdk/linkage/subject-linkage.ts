/** From the people a notice is about to the tokens in its envelope, with what the home holds. */
import { CausewayError } from '../../../protocol/errors.ts';
import type { SubjectTokens, TokenSet } from '../../../protocol/linkage/subject-tokens.ts';
import { describeIssues } from '../../../protocol/wire/describe-issues.ts';
import { KeyedTokens } from './keyed-tokens.ts';
import { readLinkageSettings, type LinkageSettings } from './linkage-file.ts';
import { ObliviousTokens } from './oblivious-tokens.ts';
import { tokenInputs, type TokenInput } from './readings.ts';
import { subjectListSchema, type SubjectDetails } from './subject.ts';

/** Makes the tokens of one epoch. */
type TokenMaker = {
  readonly epoch: number;
  tokensOfAll(
    people: readonly (readonly TokenInput[])[],
    signal?: AbortSignal,
  ): readonly TokenSet[] | Promise<readonly TokenSet[]>;
};

/** Makes tokens of people; reads the home's settings again each time, so that a rotation needs no restart. */
export class SubjectLinkage {
  readonly #home: string;
  #settings = '';
  #makers: readonly TokenMaker[] = [];

  constructor(home: string) {
    this.#home = home;
  }

  /**
   * The tokens of each person, in the order given.
   * @param signal until when to wait for holders of the key
   * @throws CausewayError `linkage-key-missing`, `request-malformed` with JSON Pointers and no values,
   *   `linkage-holder-unavailable`
   */
  async tokensOf(subjects: readonly SubjectDetails[], signal?: AbortSignal): Promise<SubjectTokens[]> {
    if (subjects.length === 0) return [];
    const parsed = subjectListSchema.safeParse(subjects);
    if (!parsed.success) throw new CausewayError('request-malformed', describeIssues(parsed.error));
    const [current, previous] = await this.#load();
    if (current === undefined) throw new CausewayError('linkage-key-missing');
    const people = parsed.data.map(tokenInputs);
    const [newest, older] = await Promise.all([
      current.tokensOfAll(people, signal),
      previous?.tokensOfAll(people, signal),
    ]);
    return newest.map((set, at) => {
      const before = older?.[at];
      return before === undefined ? set : { ...set, previous: before };
    });
  }

  async #load(): Promise<readonly TokenMaker[]> {
    const settings = await readLinkageSettings(this.#home);
    const text = JSON.stringify(settings ?? null);
    if (text !== this.#settings) {
      this.#makers = settings === undefined ? [] : makersOf(settings);
      this.#settings = text;
    }
    return this.#makers;
  }
}

function makersOf(settings: LinkageSettings): TokenMaker[] {
  if (settings.mode === 'oblivious') {
    return settings.epochs.map((epoch) => new ObliviousTokens({ ...settings, epoch }));
  }
  return settings.keys.map(
    ({ epoch, secret }) =>
      new KeyedTokens({ epoch, secret: Buffer.from(secret, 'base64url') }, settings.purpose),
  );
}
