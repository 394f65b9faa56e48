/** The words of the account of a case: how it names agencies and notices. */
import { agencyOf } from '../../protocol/ids.ts';
import type { RecordEntry } from '../store/port.ts';

/** Words of the sharing agreement for its names. Names that it does not know stand for themselves. */
export type StoryWords = {
  agency(id: string): string;
  category(id: string): string;
  purpose(id: string): string;
};

/** What an acceptance or a refusal says, as far as a story tells it. */
export type Notice = RecordEntry & {
  readonly source?: string;
  readonly category?: string;
  readonly severity?: string;
  readonly purpose?: string;
  readonly to?: readonly string[];
  /** The leaf of the first outcome of its id. */
  readonly of?: number;
  readonly decisions?: readonly {
    readonly recipient: string;
    readonly effect: string;
    readonly reasons?: readonly string[];
    readonly listening?: boolean;
  }[];
};

const urgency: Readonly<Record<string, string>> = {
  immediate: 'danger now',
  urgent: 'urgent',
  concern: 'concern',
  info: 'for information',
};

/** Names things. */
export class Teller {
  readonly #words: StoryWords;

  constructor(words: StoryWords) {
    this.#words = words;
  }

  /** `the emergency department desk of NHS Lanarkshire` */
  party(address: string): string {
    const [, name = ''] = address.split('/');
    const desk = name.startsWith('@')
      ? `everybody with the role ${name.slice(1)}`
      : name.replaceAll('-', ' ');
    return `${this.#words.agency(agencyOf(address))} (${desk})`;
  }

  /** `NHS Lanarkshire` */
  agency(id: string): string {
    return this.#words.agency(id);
  }

  parties(addresses: readonly string[]): string {
    return listInWords(addresses.map((address) => this.party(address)));
  }

  notice({ category, severity }: Notice): string {
    if (category === undefined) return 'a notice that could not be read';
    const title = this.#words.category(category);
    return `a notice of the kind “${title}” (${urgency[severity ?? ''] ?? severity ?? 'no severity'})`;
  }

  why({ purpose }: Notice): string {
    if (purpose === undefined) return '';
    const title = this.#words.purpose(purpose);
    return `, in order to ${title.charAt(0).toLowerCase()}${title.slice(1)}`;
  }
}

export function listInWords(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? 'nobody';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** Who or what a body names. */
export function said(value: unknown): string {
  return typeof value === 'string' ? value : 'somebody';
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
