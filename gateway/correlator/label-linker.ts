/** Links by a word for the child instead of tokens: for fixtures, where who is who is given. */
import type { Link, Linker, LinkRecord } from './linker.ts';
import type { Tier } from './patterns/pattern.ts';

/** Which child, and how surely. */
export type Label = { readonly child: string; readonly tier: Tier };

type LabelRecord = LinkRecord & { readonly links: Link[]; readonly child: string; readonly tier: Tier };

export class LabelLinker implements Linker<Label> {
  readonly #records = new Map<string, LabelRecord>();
  readonly hasTiedAnew = false;

  admit({ child, tier }: Label): LinkRecord {
    const fingerprint = `${child}\n${tier}`;
    const known = this.#records.get(fingerprint);
    if (known !== undefined) return known;
    const itself = { tier, types: ['given'] };
    const record: LabelRecord = { fingerprint, itself, links: [], child, tier };
    for (const other of this.#records.values()) {
      if (other.child !== child) continue;
      // A surely described notice and a poorly described one are possibly one child.
      record.links.push({ to: other, tier: 'possible', types: ['given'] });
      other.links.push({ to: record, tier: 'possible', types: ['given'] });
    }
    this.#records.set(fingerprint, record);
    return record;
  }

  conflicts(a: LinkRecord, b: LinkRecord): boolean {
    return (a as LabelRecord).child !== (b as LabelRecord).child;
  }

  release(record: LinkRecord): void {
    this.#records.delete(record.fingerprint);
    for (const { links } of this.#records.values()) {
      const place = links.findIndex(({ to }) => to === record);
      if (place >= 0) links.splice(place, 1);
    }
  }
}
