/** Answers to alerts that came after the correlator's last look, which notes them at its next: nothing tells of them yet. */
import type { MessageId } from '../../protocol/ids.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { findAnsweredAlert } from '../alerts/answered-alert.ts';
import type { DispositionRecord } from '../correlator/alert-record.ts';
import { positionMark } from '../correlator/place-beyond-log.ts';
import { dispositionCategories } from '../policy/alerts.ts';
import type { Store } from '../store/port.ts';

type AnswerStore = Pick<Store, 'readMarks' | 'readAcceptances' | 'readMessage' | 'readEvidence'>;

/** It looks every minute or so: where it is further behind than this, there is more to be said than how many answered. */
const portion = 1_000;
const mostPortions = 10;

/** Answers that came since the last look, each by somebody whose answer counts. */
export type AnswersToCome = {
  /** How many came to each alert that was answered. */
  readonly counts: ReadonlyMap<MessageId, number>;
  /** Whether all that came since was looked at. */
  readonly areAll: boolean;
};

/** @param noted what the log tells of already */
export async function readAnswersToCome(
  store: AnswerStore,
  noted: readonly Pick<DispositionRecord, 'message'>[],
): Promise<AnswersToCome> {
  const known = new Set<string>(noted.map(({ message }) => message));
  const counts = new Map<MessageId, number>();
  let after = (await store.readMarks()).get(positionMark);
  for (let nth = 0; nth < mostPortions && after !== undefined; nth += 1) {
    const accepted = await store.readAcceptances(after, portion, 0);
    for (const { id, category, inReplyTo, source } of accepted) {
      if (!dispositionCategories.has(category) || inReplyTo === undefined || known.has(id)) continue;
      const alert = await findAnsweredAlert(store, inReplyTo, source);
      if (alert !== undefined) counts.set(alert.id, (counts.get(alert.id) ?? 0) + 1);
    }
    after = accepted.at(-1)?.position;
  }
  return { counts, areAll: after === undefined };
}

/** Says how many there are, where there is any or may be. */
export function tellAnswersToCome(
  answers: number,
  { areAll }: Pick<AnswersToCome, 'areAll'>,
  terminal: Terminal,
): void {
  if (answers === 0 && areAll) return;
  const detail = wordsFor(answers, areAll);
  if (terminal.wantsJson) terminal.json({ type: 'answers-to-come', answers, areAll, detail });
  else terminal.hint(detail);
}

function wordsFor(answers: number, areAll: boolean): string {
  if (answers === 0) return 'The correlator is far behind: answers may have come that are not counted here.';
  const [have, they] =
    answers === 1 ? ['1 answer has', 'it counts'] : [`${answers} answers have`, 'they count'];
  const least = areAll ? '' : 'At least ';
  return `${least}${have} come since the correlator last looked: ${they} from its next look on.`;
}
