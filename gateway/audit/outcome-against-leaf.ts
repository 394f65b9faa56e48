/**
 * Holds what the store keeps of a message against the leaf of its first outcome. The leaf says its id, envelope and time,
 * and whether it was accepted; the body of the leaf how it was queued and to whom, or what its sender was told. The rest
 * the envelope says, which the store itself has compared.
 */
import { catalogue } from '../../protocol/errors.ts';
import type { MessageId } from '../../protocol/ids.ts';
import { houseCase, type KeptOutcome, type RecordEntry, type StoredLeaf } from '../store/port.ts';
import { clearWordsOf, codeOfRefusal } from '../store/kept-refusal.ts';
import { listeningBits } from '../store/statements.ts';
import { openLeaf } from '../store/stored-leaf.ts';

/**
 * `unlike`: message and leaf do not say the same. `changed`: it is not what its envelope says, or the body of the leaf.
 * `emptied`: it looks as if its case had been erased, which the log does not say. `put-back`: its case was erased, and it
 * is there.
 */
export type OutcomeFault = 'unlike' | 'changed' | 'emptied' | 'put-back';

/** The message whose first outcome a leaf tells, which the store must keep for good; undefined for any other leaf. */
export function firstOutcomeOf(stored: StoredLeaf): MessageId | undefined {
  const { kind, message, code } = openLeaf(stored);
  if (kind === 'message.accepted') return message;
  if (kind !== 'message.refused' || code === undefined) return undefined;
  // A refusal is in a case where the signature of its sender was verified; of what may come again, nothing is kept.
  const isFinal = stored.case !== undefined && stored.case !== houseCase && !catalogue[code].retryable;
  return isFinal && code !== 'id-conflict' ? message : undefined;
}

/** @param stored the leaf that it names, not rewritten @returns undefined where nothing is amiss */
export function faultOf(kept: KeptOutcome, stored: StoredLeaf): OutcomeFault | undefined {
  const { message, envelope, at, code } = openLeaf(stored);
  if (kept.message !== message || kept.envelope !== envelope || kept.at !== at) return 'unlike';
  const { entry, erased } = stored;
  if (code !== undefined) {
    if (kept.refusal === undefined || codeOfRefusal(kept.refusal) !== code) return 'unlike';
    const words = clearWordsOf(kept.refusal);
    if (erased && words !== undefined) return 'put-back';
    return isOfSender(kept, entry) && isToldBy(entry, words) ? undefined : 'changed';
  }
  if (kept.refusal !== undefined) return 'unlike';
  if (kept.matter === 'damaged') return 'changed';
  if (erased && kept.matter !== 'emptied') return 'put-back';
  if (!erased && kept.matter !== 'whole') return 'emptied';
  return isOfSender(kept, entry) && isOfAcceptance(kept, entry) ? undefined : 'changed';
}

function isOfSender({ source }: KeptOutcome, entry: RecordEntry): boolean {
  return entry.source === undefined || entry.source === source;
}

/** Words stand beside the leaf in the clear in stores of earlier versions alone, whose first leaves do not say them. */
function isToldBy({ text }: RecordEntry, words: string | undefined): boolean {
  return words === undefined || text === undefined || text === words;
}

type Ruling = { readonly recipient: unknown; readonly listening?: boolean };

/** Leaves of earlier versions do not say the lane, the first of them not who was listening either. */
function isOfAcceptance(kept: KeptOutcome, { lane, decisions }: RecordEntry): boolean {
  const { recipients, listening } = kept;
  if (recipients === undefined || (lane !== undefined && lane !== kept.lane)) return false;
  if (!Array.isArray(decisions)) return true;
  const rulings = decisions as readonly Ruling[];
  return (
    isListeningAs(rulings, listening) &&
    recipients.length === rulings.length &&
    rulings.every(({ recipient }, nth) => recipient === recipients[nth])
  );
}

function isListeningAs(rulings: readonly Ruling[], bits: number | undefined): boolean {
  const said = rulings.flatMap(({ listening }) => (listening === undefined ? [] : [{ listening }]));
  return said.length < rulings.length || bits === listeningBits(said);
}
