/** Links by keys that must be equal to the letter, as registers without tokens do: for comparison only. */
import type { Link, Linker, LinkRecord } from '../../gateway/correlator/linker.ts';
import type { StreamLine } from './stream.ts';

export type Details = StreamLine['subject'];

/** What a description can be found by; none where a part is missing. */
export type KeysOf = (details: Details) => readonly string[];

type ExactRecord = LinkRecord & { readonly links: Link[]; readonly keys: readonly string[] };

export const byIdentifier: KeysOf = ({ chi }) => keyOf('id', chi);

export const byNameAndDate: KeysOf = ({ given, family, birthDate }) =>
  keyOf('name and date', given, family, birthDate);

export const byEither: KeysOf = (details) => [...byIdentifier(details), ...byNameAndDate(details)];

function keyOf(type: string, ...parts: readonly (string | null | undefined)[]): string[] {
  const words = parts.map((part) => (part ?? '').trim().toLowerCase());
  return words.includes('') ? [] : [JSON.stringify([type, ...words])];
}

export class ExactLinker implements Linker<Details> {
  readonly hasTiedAnew = false;
  readonly #keysOf: KeysOf;
  readonly #records = new Map<string, ExactRecord>();
  readonly #byKey = new Map<string, ExactRecord[]>();

  constructor(keysOf: KeysOf) {
    this.#keysOf = keysOf;
  }

  admit(details: Details): LinkRecord {
    const fingerprint = JSON.stringify(details, Object.keys(details).sort());
    const known = this.#records.get(fingerprint);
    if (known !== undefined) return known;
    const keys = this.#keysOf(details);
    const record: ExactRecord = { fingerprint, itself: tie(keys), links: [], keys };
    this.#records.set(fingerprint, record);
    for (const other of new Set(keys.flatMap((key) => this.#byKey.get(key) ?? []))) {
      const link = tie(keys.filter((key) => other.keys.includes(key)));
      if (link === undefined) continue;
      record.links.push({ ...link, to: other });
      other.links.push({ ...link, to: record });
    }
    for (const key of keys) {
      const sharing = this.#byKey.get(key);
      if (sharing === undefined) this.#byKey.set(key, [record]);
      else sharing.push(record);
    }
    return record;
  }

  /** Nothing but equal keys is looked at. */
  conflicts(): boolean {
    return false;
  }

  /** Everything is kept: no stream of a bench is long. */
  release(): void {
    // Nothing to forget.
  }
}

function tie(keys: readonly string[]): Omit<Link, 'to'> | undefined {
  return keys.length === 0 ? undefined : { tier: 'same', types: keys };
}
