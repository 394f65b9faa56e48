/**
 * Notices without end, for measuring what a long history costs: a population whose children grow out of it one by
 * one and are replaced, and of whom agencies write as in `background.ts`.
 *
 * The tokens of a few thousand children are made by the SDK. Those of the children who replace them are made from
 * these by replacing their first characters: tokens are outputs of a keyed hash, so any others are as good.
 */
import { SubjectTokeniser } from '../../clients/sdk/linkage/subject-tokens.ts';
import { describeEvent } from '../../gateway/correlator/describe-event.ts';
import type { CorrelatorEvent } from '../../gateway/correlator/event.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import type { SubjectTokens } from '../../protocol/linkage/subject-tokens.ts';
import { Seeded } from '../seeded.ts';
import { pickKind } from './background.ts';
import { makeChildren, type Child } from './children.ts';
import { writeDown } from './write-down.ts';

export type EndlessNotice = { readonly event: CorrelatorEvent; readonly tokens: SubjectTokens };

export type Population = {
  readonly children: number;
  /** Notices about all of them together. */
  readonly noticesPerDay: number;
  readonly seed: number;
};

const startMs = Date.parse('2026-01-01T00:00:00.000Z');
const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** After so many days a child has been replaced by another one. */
const turnoverDays = 4 * 365;
const lateShare = 0.03;
const sectors = ['health', 'police', 'education', 'social-work'];
/** Stands where the characters go that tell one child of a place from the next; no token holds it. */
const placeholder = '##';
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export class EndlessStream {
  readonly #policy: PolicySet;
  readonly #chance: Seeded;
  /** Of each child, as JSON: tokens come off the wire, and so do these. */
  readonly #descriptions: readonly (readonly string[])[];
  readonly #intervalMs: number;
  #told = 0;

  constructor({ children, noticesPerDay, seed }: Population, policy: PolicySet) {
    this.#policy = policy;
    this.#chance = new Seeded(seed);
    this.#intervalMs = dayMs / noticesPerDay;
    const tokeniser = new SubjectTokeniser({ epoch: 1, secret: new Uint8Array(32).fill(7) });
    this.#descriptions = makeChildren(children, this.#chance).map((child) =>
      this.#describe(child, tokeniser),
    );
  }

  /** The next notices, in the order of their arrival. */
  take(count: number): EndlessNotice[] {
    return Array.from({ length: count }, () => this.#next());
  }

  #next(): EndlessNotice {
    const chance = this.#chance;
    const arrived = startMs + Math.round(this.#told * this.#intervalMs);
    const delay = chance.chance(lateShare) ? chance.between(1, 10) * dayMs : chance.exponential(2 * hourMs);
    const { source, category, severity } = pickKind(chance);
    const id = `m${String(this.#told).padStart(9, '0')}`;
    const time = arrived - Math.round(delay);
    this.#told += 1;
    return {
      event: describeEvent({ id, time, arrived, source, category, severity }, this.#policy),
      tokens: this.#tokensAt((arrived - startMs) / dayMs),
    };
  }

  #tokensAt(day: number): SubjectTokens {
    const slot = this.#chance.below(this.#descriptions.length);
    const description = this.#chance.pick(this.#descriptions[slot] ?? []);
    const generation = Math.floor(day / turnoverDays + slot / this.#descriptions.length);
    const mark =
      (alphabet[Math.floor(generation / alphabet.length) % alphabet.length] ?? '') +
      (alphabet[generation % alphabet.length] ?? '');
    return JSON.parse(description.replaceAll(placeholder, mark)) as SubjectTokens;
  }

  /** As each kind of agency would write the child down. */
  #describe(child: Child, tokeniser: SubjectTokeniser): string[] {
    return sectors.map((sector) => {
      const { epoch, tokens } = tokeniser.tokensOf(writeDown(child, sector, this.#chance));
      const marked = Object.entries(tokens).map(([recipe, list]) => [
        recipe,
        list.map((token) => placeholder + token.slice(placeholder.length)),
      ]);
      return JSON.stringify({ epoch, tokens: Object.fromEntries(marked) as SubjectTokens['tokens'] });
    });
  }
}
