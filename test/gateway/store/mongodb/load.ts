/** Senders that never stop: each submits, repeats until acknowledged, settles, and repeats. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { AcceptableMessage, Store } from '../../../../gateway/store/port.ts';
import { isCausewayError } from '../../../../protocol/errors.ts';
import { eventually } from '../../../e2e/kit/watch.ts';
import { acceptable, health, police, settlementOf } from '../synthetic-messages.ts';

const sendersPerGateway = 4;
const messagesPerFrame = 5;
const retryMs = 100;
const patienceMs = 60_000;

export type Target = Pick<Store, 'submit' | 'settle'>;

export class Load {
  readonly acknowledged: AcceptableMessage[] = [];
  readonly settled: Buffer[] = [];
  readonly acknowledgedAt: number[] = [];
  refusals = 0;
  readonly #targets: readonly Target[];
  readonly #restMs: number;
  readonly #running: Promise<void>[];
  #ended = false;
  static #next = 0;

  /**
   * @param targets the gateway of these senders first, then those that they turn to where it fails
   * @param restMs for how long a sender rests after each turn, ms
   */
  constructor(targets: readonly Target[], restMs: number) {
    this.#targets = targets;
    this.#restMs = restMs;
    this.#running = Array.from({ length: sendersPerGateway }, async () => this.#send());
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#running);
  }

  /** Waits until more has been acknowledged from now on than its senders may have had under way. */
  async goesOn(): Promise<void> {
    const enough = this.acknowledgedAt.length + sendersPerGateway + 1;
    const isEnough = (): true | undefined => (this.acknowledgedAt.length >= enough ? true : undefined);
    await eventually('acknowledgements', isEnough, patienceMs);
  }

  /** The longest time between two acknowledgements from a moment on until now, ms. */
  longestGap(since: number): number {
    const moments = [...this.acknowledgedAt.filter((at) => at >= since), performance.now()];
    return Math.max(...moments.map((at, index) => at - (moments[index - 1] ?? since)));
  }

  async #send(): Promise<void> {
    while (!this.#ended) {
      const messages = Array.from({ length: messagesPerFrame }, () => acceptable(Load.#next++));
      const { outcomes } = await this.#persist(async (at) => at.submit({ source: police, messages }));
      expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toEqual([]);
      this.acknowledged.push(...messages);
      this.acknowledgedAt.push(performance.now());
      const settlement = settlementOf(messages, health);
      const { outcome } = await this.#persist(async (at) => at.settle(settlement));
      expect(outcome).not.toBe('unmatched');
      this.settled.push(settlement.group);
      await sleep(this.#restMs);
    }
  }

  /** With the same ids, and at the next gateway where one does not answer: so does the SDK. */
  async #persist<T>(attempt: (target: Target) => Promise<T>): Promise<T> {
    for (let turn = 0; ; turn++) {
      try {
        return await attempt(this.#targets[turn % this.#targets.length]!);
      } catch (error) {
        if (!isCausewayError(error, 'store-unavailable')) throw error;
        this.refusals++;
        await sleep(retryMs);
      }
    }
  }
}
