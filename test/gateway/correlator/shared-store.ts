/** What the correlator needs of a store, in memory and shared by several gateways: one holder of a lease at a time. */
import type { RunStore } from '../../../gateway/correlator/correlation-run.ts';
import { erasureMark, type Acceptance, type Lease } from '../../../gateway/store/port.ts';
import type { SubjectDetails } from '../../../clients/sdk/linkage/subject.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import type { Envelope } from '../../../protocol/wire/envelope.ts';
import { tokeniser } from '../../clients/sdk/linkage/people.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';
import { acceptanceOf } from '../store/sample-acceptance.ts';
import { messageId } from '../store/synthetic-messages.ts';
import { dayMs } from './pattern-text.ts';

export const start = Date.parse('2026-01-01T00:00:00.000Z');
export const morven = { given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
export const ailsa = { ...morven, given: 'Ailsa', birthDate: '2018-05-06' };

export class SharedStore {
  readonly acceptances: Acceptance[] = [];
  readonly marks = new Map<string, number>();
  readonly #holders = new Map<string, { readonly gateway: string; readonly epoch: number }>();
  #epoch = 0;
  /** Of the latest leaf. */
  #next = 0;

  /** Accepts a notice of day `day` at once. @returns its time */
  accept(day: number, category: string, source: string, ...children: readonly SubjectDetails[]): number {
    const time = start + Math.round(day * dayMs);
    const position = (this.#next += 1);
    const envelope: Envelope = {
      ...sampleEnvelope(),
      id: messageId(position),
      source: source as Envelope['source'],
      time: new Date(time).toISOString(),
      category,
      severity: 'concern',
      subjects: (children.length === 0 ? [morven] : children).map((child) => tokeniser.tokensOf(child)),
    };
    this.acceptances.push(acceptanceOf(envelope, position, time));
    return time;
  }

  /** Has the notice that was accepted as the nth, from 1, left out by each reading. */
  damage(nth: number): void {
    const index = this.acceptances.findIndex(({ position }) => position === nth);
    this.acceptances.splice(index, 1);
  }

  /** Erases its case. */
  erase(nth: number): void {
    this.damage(nth);
    this.#next += 1;
    this.marks.set(erasureMark, this.#next);
  }

  /** The store as one gateway sees it. */
  for(gateway: string): RunStore {
    return {
      readAcceptances: (after, limit, since) =>
        Promise.resolve(
          this.acceptances.filter(({ position, at }) => position > after && at >= since).slice(0, limit),
        ),
      countLeaves: () => Promise.resolve(this.#next),
      readMarks: () => Promise.resolve(new Map(this.marks)),
      setMarks: async (marks, lease) => {
        await this.#enforce(gateway, lease);
        for (const [name, value] of marks) this.marks.set(name, value);
      },
      takeLease: (name) => {
        const held = this.#holders.get(name);
        if (held !== undefined && held.gateway !== gateway) return Promise.resolve(undefined);
        const holder = held ?? { gateway, epoch: ++this.#epoch };
        this.#holders.set(name, holder);
        return Promise.resolve({ name, epoch: holder.epoch });
      },
      releaseLease: ({ name, epoch }) => {
        if (this.#holders.get(name)?.epoch === epoch) this.#holders.delete(name);
        return Promise.resolve();
      },
    };
  }

  /** As after its holder stood still for too long. */
  dropLeases(): void {
    this.#holders.clear();
  }

  async #enforce(gateway: string, lease: Lease | undefined): Promise<void> {
    if (lease === undefined) return;
    const held = this.#holders.get(lease.name);
    if (held?.gateway !== gateway || held.epoch !== lease.epoch) {
      await Promise.reject(new CausewayError('lease-lost'));
    }
  }
}
