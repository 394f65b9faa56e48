/** The account of a case in plain words: one sentence for each of its leaves, in the order of the log. */
import { agencyOf } from '../../protocol/ids.ts';
import { catalogue, type ErrorCode } from '../../protocol/errors.ts';
import type { Leaf } from '../../protocol/audit/leaf.ts';
import type { CaseId, RecordEntry, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { lossInWords } from './tampering-words.ts';

/** Words of the sharing agreement for its names. Names that it does not know stand for themselves. */
export type StoryWords = {
  agency(id: string): string;
  category(id: string): string;
  purpose(id: string): string;
};

export type StorySentence = { readonly leaf: number; readonly at: number; readonly text: string };

/** What an acceptance or a refusal says, as far as a story tells it. */
type Notice = RecordEntry & {
  readonly source?: string;
  readonly category?: string;
  readonly severity?: string;
  readonly purpose?: string;
  readonly to?: readonly string[];
  readonly decisions?: readonly {
    readonly recipient: string;
    readonly effect: string;
    readonly reasons?: readonly string[];
    readonly listening?: boolean;
  }[];
};

/** What a person did who read in the record of a case. */
const readings: Readonly<Record<string, string>> = {
  'audit.search': 'searched the record for this case',
  'audit.export': 'exported from the record of this case',
  'audit.proof-made': 'took the evidence about a notice of this case',
  'audit.erasure': 'asked for the erasure of this case',
};

const urgency: Readonly<Record<string, string>> = {
  immediate: 'danger now',
  urgent: 'urgent',
  concern: 'concern',
  info: 'for information',
};

/**
 * Tells a case.
 * @param leaves all leaves that speak of the case, rising; deliveries beside the acceptance that they continue
 */
export function tellCase(id: CaseId, leaves: readonly StoredLeaf[], words: StoryWords): StorySentence[] {
  const byIndex = new Map(leaves.map((leaf) => [leaf.index, leaf]));
  return leaves.flatMap((leaf) => {
    const open = openLeaf(leaf);
    const origin = open.of === undefined ? undefined : byIndex.get(open.of);
    const text = lossOf(leaf) ?? sentenceFor(open, leaf, origin, new Teller(words), id);
    return text === undefined ? [] : [{ leaf: leaf.index, at: leaf.at, text }];
  });
}

const erasedSentence = 'What this leaf said has been erased.';

/** Why what a leaf said cannot be told; undefined where it can. */
function lossOf({ index, erased, tampered }: StoredLeaf): string | undefined {
  if (erased) return erasedSentence;
  return tampered === undefined ? undefined : lossInWords(index, tampered);
}

/** Names things. */
class Teller {
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

function sentenceFor(
  open: Leaf,
  { entry, at }: StoredLeaf,
  origin: StoredLeaf | undefined,
  tell: Teller,
  id: CaseId,
): string | undefined {
  const [group, word] = open.kind.split('.');
  if (group === 'delivery') return deliverySentence(word ?? '', open.nth ?? 0, at, origin, tell);
  const notice = entry as Notice;
  switch (open.kind) {
    case 'message.accepted':
      return acceptedSentence(notice, tell);
    case 'message.refused':
      return refusedSentence(notice, open.code, tell);
    case 'message.repeated':
      return `The same notice was handed in again (first at leaf ${open.of ?? '?'}); it was not sent twice.`;
    case 'case.erased':
      return `The case was erased by order of ${said(entry.authority)}; ${said(entry.by)} carried it out.${entry.underWay === 'end' ? ' What had not arrived was ended for it.' : ''} What its leaves said before can no longer be read by anybody.`;
    case 'audit.story':
      return `${said(entry.by)} read the story of this case.`;
    default:
      return entry.case === id && group === 'audit'
        ? `${said(entry.by)} ${readings[open.kind] ?? `read in the record of this case (${open.kind})`}.`
        : `The log notes ${open.kind}.`;
  }
}

function acceptedSentence(notice: Notice, tell: Teller): string {
  const decisions = notice.decisions ?? [];
  const recipients = decisions.map(({ recipient }) => recipient);
  const sent = `${tell.party(notice.source ?? '?/?')} sent ${tell.notice(notice)} to ${tell.parties(recipients)}${tell.why(notice)}.`;
  const away = decisions.filter(({ listening }) => listening === false).map(({ recipient }) => recipient);
  const here = decisions.filter(({ listening }) => listening === true).map(({ recipient }) => recipient);
  return [
    sent,
    ...(here.length > 0 ? [`Listening then: ${tell.parties(here)}.`] : []),
    ...(away.length > 0 ? [`Away then: ${tell.parties(away)}.`] : []),
  ].join(' ');
}

function refusedSentence(notice: Notice, code: ErrorCode | undefined, tell: Teller): string {
  const source = tell.party(notice.source ?? '?/?');
  const to = notice.to === undefined ? '' : ` to ${tell.parties(notice.to)}`;
  const denied = new Set((notice.decisions ?? []).flatMap(({ reasons = [] }) => reasons));
  const why = denied.size > 0 ? [...denied].join(' ') : code === undefined ? '' : catalogue[code].text;
  return `${source} wanted to send ${tell.notice(notice)}${to}. The gateway refused it and passed nothing on: ${why}`.trim();
}

function deliverySentence(
  word: string,
  nth: number,
  at: number,
  origin: StoredLeaf | undefined,
  tell: Teller,
): string {
  if (origin === undefined) return erasedSentence;
  const loss = lossOf(origin);
  if (loss !== undefined) return loss;
  const recipient = (origin.entry as Notice).decisions?.[nth]?.recipient;
  const who = recipient === undefined ? 'a recipient' : tell.party(recipient);
  const notice = `the notice of leaf ${origin.index}`;
  const later = spanInWords(at - origin.at);
  switch (word) {
    case 'delivered':
      return `${capital(notice)} arrived at ${who}, ${later}.`;
    case 'stored':
      return `${who} stored ${notice} and signed for it, ${later}.`;
    case 'refused':
      return `${who} refused ${notice}, ${later}; the reason stands in the receipt that it signed.`;
    default:
      return `${capital(notice)} expired ${later} without a receipt from ${who}: nobody there signed for it in time.`;
  }
}

/** `3 minutes after it was accepted` */
export function spanInWords(ms: number): string {
  const units = [
    ['day', 24 * 3600_000],
    ['hour', 3600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const;
  const unit = units.find(([, length]) => ms >= length);
  if (unit === undefined) return 'at once';
  const count = Math.floor(ms / unit[1]);
  return `${count} ${unit[0]}${count === 1 ? '' : 's'} after it was accepted`;
}

function listInWords(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? 'nobody';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : 'somebody';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
