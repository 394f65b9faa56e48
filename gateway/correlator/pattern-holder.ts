/** The patterns of the policy folder, checked together with it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isCausewayError } from '../../protocol/errors.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { checkPatterns, placeWithin } from './check-patterns.ts';
import type { Pattern } from './patterns/pattern.ts';

const nothing: readonly Pattern[] = [];

export class PatternHolder {
  readonly #dir: string;
  #current: readonly Pattern[] = nothing;

  constructor(policiesDir: string) {
    this.#dir = join(policiesDir, 'patterns');
  }

  /** Those that were found sound last. */
  get current(): readonly Pattern[] {
    return this.#current;
  }

  /**
   * Loads them and runs their fixtures; a folder without patterns has none.
   * @throws CausewayError `policy-invalid`, with file and line
   */
  async check(policy: PolicySet): Promise<void> {
    if (!existsSync(this.#dir)) {
      this.#current = nothing;
      return;
    }
    try {
      this.#current = (await checkPatterns(this.#dir, policy, 'committee')).set.patterns;
    } catch (error) {
      throw isCausewayError(error) ? placeWithin('patterns', error) : error;
    }
  }
}
