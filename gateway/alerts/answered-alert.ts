/** Which alert a person's answer is about, and what the log says of it. */
import type { Logger } from 'pino';
import { correlatorAddress, type EndpointAddress, type MessageId } from '../../protocol/ids.ts';
import { alertIds, reminderIdOf } from '../correlator/alert-document.ts';
import type { StoredEvent } from '../correlator/stored-event.ts';
import { dispositionCategories } from '../policy/alerts.ts';
import { readKeptEnvelope } from '../store/kept-envelope.ts';
import type { Lease, Store } from '../store/port.ts';
import { unlessLasting } from './lasting-failure.ts';

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

/** Whether {@link noteDisposition} has anything to do with a message. */
export function mayBeAnswer({ category, inReplyTo }: StoredEvent['envelope']): boolean {
  return inReplyTo !== undefined && dispositionCategories.has(category);
}

/**
 * As {@link noteAnswer}. One at which this fails by itself, as where its alert is damaged in the store, holds up no other:
 * the log says so.
 */
export async function noteDisposition(
  ...[deps, stored, lease]: Parameters<typeof noteAnswer>
): Promise<boolean> {
  const work = async (): Promise<boolean> => noteAnswer(deps, stored, lease);
  return unlessLasting(work, (err) => {
    deps.log.error({ err, message: stored.envelope.id }, 'answer to an alert not noted');
    return false;
  });
}

/**
 * Notes what somebody says who got the alert or its reminder. What anybody else says counts for nothing, and the gateway's
 * log says so: whoever wrote it was told that it was accepted.
 * @returns whether anything was noted
 * @throws CausewayError `store-unavailable`, `lease-lost`
 */
async function noteAnswer(
  { store, log }: { readonly store: AnswerStore & Pick<Store, 'appendRecords'>; readonly log: Logger },
  { envelope, event }: Pick<StoredEvent, 'envelope'> & { readonly event: { readonly arrived: number } },
  lease: Lease,
): Promise<boolean> {
  const { id: message, source, thread, inReplyTo, category } = envelope;
  const disposition = dispositionCategories.get(category);
  if (disposition === undefined || inReplyTo === undefined) return false;
  const alert = await findAnsweredAlert(store, inReplyTo, source);
  if (alert === undefined) {
    log.warn(
      { message, source, inReplyTo },
      'answer counts for nothing: its sender got no such alert, or the alert was erased',
    );
    return false;
  }
  const about = { message, thread, alert: alert.id, disposition, source, acceptedAt: event.arrived };
  await store.appendRecords([{ kind: 'alert.disposed', ...about }], lease, alert.thread);
  return true;
}

/** A reminder replies to its alert, and an alert to nothing. */
async function alertOf(store: AnswerStore, id: MessageId): Promise<AnsweredAlert | undefined> {
  const envelope = await readKeptEnvelope(store, id, correlatorAddress);
  if (envelope === undefined) return undefined;
  const { inReplyTo = id, thread } = envelope;
  return { id: inReplyTo, thread };
}
