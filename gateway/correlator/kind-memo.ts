/** Remembers what follows from an event's kind alone: there are few kinds, and very many events. */
import type { CorrelatorEvent } from './event.ts';

type Leaf<T> = Pick<CorrelatorEvent, 'subjects' | 'group' | 'sector' | 'authority'> & { readonly value: T };

const maxKinds = 20_000;

export class KindMemo<T> {
  readonly #compute: (event: CorrelatorEvent) => T;
  #kinds = new Map<string, Map<string, Map<string, Leaf<T>>>>();
  #size = 0;

  /** @param compute must look at nothing of an event but what a base rule may look at */
  constructor(compute: (event: CorrelatorEvent) => T) {
    this.#compute = compute;
  }

  get(event: CorrelatorEvent): T {
    const leaf = this.#kinds.get(event.category)?.get(event.source)?.get(event.severity);
    if (
      leaf?.subjects === event.subjects &&
      leaf?.group === event.group &&
      leaf?.sector === event.sector &&
      leaf?.authority === event.authority &&
      leaf !== undefined
    ) {
      return leaf.value;
    }
    return this.#add(event);
  }

  #add(event: CorrelatorEvent): T {
    const { category, source, severity, subjects, group, sector, authority } = event;
    const value = this.#compute(event);
    if (this.#size >= maxKinds) {
      this.#kinds = new Map();
      this.#size = 0;
    }
    const bySource = this.#kinds.get(category) ?? new Map<string, Map<string, Leaf<T>>>();
    const bySeverity = bySource.get(source) ?? new Map<string, Leaf<T>>();
    if (!bySeverity.has(severity)) this.#size += 1;
    bySeverity.set(severity, { subjects, group, sector, authority, value });
    bySource.set(source, bySeverity);
    this.#kinds.set(category, bySource);
    return value;
  }
}
