/** Whether the messages in the store are those that were accepted and refused, and have come to where the log says. */
import type { Terminal } from '../../terminal/terminal.ts';
import {
  holdMessagesAgainst,
  type FaultyMessage,
  type HeldStore,
  type MessageFault,
  type MessagesAgainstLog,
} from '../audit/messages-against-log.ts';
import type { Store } from '../store/port.ts';
import { deliveriesFinding, receiptsFinding } from './check-deliveries.ts';
import { good, type Finding } from './check-finding.ts';
import { listed } from './listed-faults.ts';

const check = 'messages';
const work = 'Holding the messages against the log';

/**
 * Reads all of them, with their deliveries and what recipients signed, with progress where that takes a while.
 * @param leaves those of the store, held against the published log
 * @param published asked at the end: how many leaves were held against it
 */
export async function checkMessages(
  store: HeldStore,
  leaves: Pick<Store, 'readLeaves'>,
  published: () => number,
  terminal: Terminal,
): Promise<Finding[]> {
  const progress = terminal.progress(work);
  const onProgress = (looked: number): void => progress.update(`${work}, ${looked} so far`);
  const held = await holdMessagesAgainst(store, leaves, onProgress).finally(() => progress.end());
  return [
    messagesFinding(held, published()),
    deliveriesFinding(held.deliveries, published()),
    receiptsFinding(held.groups, published()),
  ];
}

function messagesFinding({ looked, faults, unknown }: MessagesAgainstLog, published: number): Finding {
  const { count } = faults;
  if (count === 0 && unknown === 0)
    return good(check, `${looked} in the store are what was accepted and refused`);
  const problems = listed(faults, (faulty) => inWords(faulty, faulty.leaf < published));
  if (unknown > 0)
    problems.push(`${unknown} in the store were neither accepted nor refused: no leaf tells of them.`);
  return {
    check,
    verdict: 'bad',
    detail: `store-damaged: ${count + unknown} of ${looked + unknown} in the store are not what was accepted and refused`,
    problems,
  };
}

function inWords({ message, leaf, fault }: FaultyMessage, isPublished: boolean): string {
  const name = `Message ${message}, of leaf ${leaf}`;
  if (fault === 'unlike' && !isPublished)
    return `${name}, and that leaf do not say the same: one of them was changed, and the leaf could not be held against the published log.`;
  return `${name}, ${words[fault]}`;
}

const words: Readonly<Record<MessageFault, string>> = {
  unlike: 'is not what was accepted or refused any more.',
  changed: 'is not what was accepted or refused any more.',
  emptied:
    'was emptied, and no erasure of its case stands in the log. Where an erasure of it was begun and not finished, give the order again.',
  'put-back': 'is there, though the log says that its case was erased.',
  gone: 'is gone.',
  'leaf-rewritten':
    'cannot be held against that leaf, which was itself changed in the store. The message is what its envelope says.',
};
