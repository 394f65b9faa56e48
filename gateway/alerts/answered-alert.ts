/** Which alert a person's answer is about. */
import { correlatorAddress, type EndpointAddress, type MessageId } from '../../protocol/ids.ts';
import { alertIds, reminderIdOf } from '../correlator/alert-document.ts';
import { readKeptEnvelope } from '../store/kept-envelope.ts';
import type { Store } from '../store/port.ts';

type AnswerStore = Pick<Store, 'readMessage' | 'readEvidence'>;

/** An alert, and its case. */
export type AnsweredAlert = { readonly id: MessageId; readonly thread: MessageId };

/**
 * An answer counts from those who got the alert or its reminder, whichever of the two it replies to.
 * @param replied what the answer replies to
 * @param source who answers
 * @returns undefined where it is no alert, or not for them to answer
 */
export async function findAnsweredAlert(
  store: AnswerStore,
  replied: MessageId,
  source: EndpointAddress,
): Promise<AnsweredAlert | undefined> {
  const alert = await alertOf(store, replied);
  if (alert === undefined) return undefined;
  for (const id of [alert.id, ...alertIds(reminderIdOf(alert.id))]) {
    const message = await store.readMessage(correlatorAddress, id);
    if (message?.deliveries.some(({ recipient }) => recipient === source) === true) return alert;
  }
  return undefined;
}

/** A reminder replies to its alert, and an alert to nothing. */
async function alertOf(store: AnswerStore, id: MessageId): Promise<AnsweredAlert | undefined> {
  const envelope = await readKeptEnvelope(store, id, correlatorAddress);
  if (envelope === undefined) return undefined;
  const { inReplyTo = id, thread } = envelope;
  return { id: inReplyTo, thread };
}
