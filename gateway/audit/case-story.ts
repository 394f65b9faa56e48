/** The account of a case in plain words: one sentence for each of its leaves, in the order of the log. */
import { erasedBodiesKind } from '../store/erased-bodies.ts';
import { catalogue, type ErrorCode } from '../../protocol/errors.ts';
import type { Leaf } from '../../protocol/audit/leaf.ts';
import type { CaseId, RecordEntry, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { alertSentence } from './alert-sentences.ts';
import { capital, said, Teller, type Notice, type StoryWords } from './story-teller.ts';
import type { RefusalCodes } from './refusal-codes.ts';
import { lossInWords } from './tampering-words.ts';

export type StorySentence = { readonly leaf: number; readonly at: number; readonly text: string };

/** What a person did who read in the record of a case. */
const readings: Readonly<Record<string, string>> = {
  'audit.search': 'searched the record for this case',
  'audit.export': 'exported from the record of this case',
  'audit.proof-made': 'took the evidence about a notice of this case',
  'audit.erasure': 'asked for the erasure of this case',
};

/**
 * Tells a case.
 * @param leaves all leaves that speak of the case, rising; deliveries beside the acceptance that they continue
 * @param refusals why recipients refused, as far as it is known
 */
export function tellCase(
  id: CaseId,
  leaves: readonly StoredLeaf[],
  words: StoryWords,
  refusals: RefusalCodes = new Map(),
): StorySentence[] {
  const byIndex = new Map(leaves.map((leaf) => [leaf.index, leaf]));
  return leaves.flatMap((leaf) => {
    const open = openLeaf(leaf);
    const origin = open.of === undefined ? undefined : byIndex.get(open.of);
    const told = { ...open, code: open.code ?? refusals.get(leaf.index) };
    const text = lossOf(leaf) ?? sentenceFor(told, leaf, origin, new Teller(words), id);
    return text === undefined ? [] : [{ leaf: leaf.index, at: leaf.at, text }];
  });
}

const erasedSentence = 'What this leaf said has been erased.';

/** Why what a leaf said cannot be told; undefined where it can. */
function lossOf({ index, erased, tampered }: StoredLeaf): string | undefined {
  if (erased) return erasedSentence;
  return tampered === undefined ? undefined : lossInWords(index, tampered);
}

function sentenceFor(
  open: Leaf,
  { entry, at }: StoredLeaf,
  origin: StoredLeaf | undefined,
  tell: Teller,
  id: CaseId,
): string | undefined {
  const [group, word] = open.kind.split('.');
  if (group === 'alert') return alertSentence(entry, tell) ?? `The log notes ${open.kind}.`;
  if (group === 'delivery') return deliverySentence(word ?? '', open, at, origin, tell);
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
    case erasedBodiesKind:
      return `What ${countOf(entry.leaves)} said went with it.`;
    case 'audit.story':
      return `${said(entry.by)} read the story of this case.`;
    default:
      return entry.case === id && group === 'audit'
        ? `${said(entry.by)} ${readingInWords(open.kind, entry)}.`
        : `The log notes ${open.kind}.`;
  }
}

function readingInWords(kind: string, { leaf }: RecordEntry): string {
  if (kind === 'audit.proof-made' && typeof leaf === 'number')
    return `took a proof of leaf ${leaf}, which is of this case`;
  return readings[kind] ?? `read in the record of this case (${kind})`;
}

function countOf(leaves: unknown): string {
  const count = Array.isArray(leaves) ? leaves.length : 0;
  return count === 1 ? 'one leaf' : `${count} leaves`;
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
  const what =
    code === 'id-conflict'
      ? `a different notice under the id of the one of leaf ${notice.of ?? '?'}`
      : tell.notice(notice);
  return `${source} wanted to send ${what}${to}. The gateway refused it and passed nothing on: ${why}`.trim();
}

function deliverySentence(
  word: string,
  { nth = 0, code }: Pick<Leaf, 'nth' | 'code'>,
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
      return code === undefined
        ? `${who} refused ${notice}, ${later}; the reason stands in the receipt that it signed.`
        : `${who} refused ${notice} and signed for it, ${later} (${code}): ${catalogue[code].text}`;
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
