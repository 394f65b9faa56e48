/** What an id stands for, where it is not what a command about patterns asks for: there is such a message all the same. */
import { CausewayError } from '../../protocol/errors.ts';
import { correlatorAddress, type MessageId } from '../../protocol/ids.ts';
import { parseEnvelope } from '../../protocol/wire/envelope.ts';
import { decodeUnit } from '../../protocol/wire/frame.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import { usageError } from '../../terminal/input.ts';
import type { Store } from '../store/port.ts';
import { countOf } from './alert-text.ts';

type EvidenceStore = Pick<Store, 'readEvidence'>;

/** Why an id is not that of an alert. @returns an error `message-unknown` or `usage-invalid` */
export async function notAnAlert(store: EvidenceStore, id: MessageId): Promise<CausewayError> {
  const [message] = await store.readEvidence(id);
  if (message === undefined) {
    return new CausewayError('message-unknown', {
      detail: 'If `causeway pattern replay` shows an alert under it, that was not sent, or not yet.',
    });
  }
  if (message.source === correlatorAddress) {
    return usageError(
      'It is from the correlator, but no alert that the log tells of: it reminds of one, or was raised just now.',
    );
  }
  return new AdvisedError('usage-invalid', {
    detail: 'It is a notice, no alert.',
    advice: `See what is made of its child: \`causeway pattern why-not ${id}\`.`,
  });
}

/**
 * Why nothing is told of a subject of a notice, from 1.
 * @param told how many subjects of the notice are told of
 * @returns an error `message-unknown` or `usage-invalid`
 */
export async function notASubject(
  store: EvidenceStore,
  id: MessageId,
  subject: number,
  told: number,
): Promise<CausewayError> {
  if (told > 0) return noSuchSubject(told, subject);
  const [message] = await store.readEvidence(id);
  if (message === undefined) return new CausewayError('message-unknown');
  if (message.source === correlatorAddress) {
    return new AdvisedError('usage-invalid', {
      detail: 'It is from the correlator and no notice.',
      advice: `See what an alert rests on: \`causeway pattern explain ${id}\`.`,
    });
  }
  if (message.unit.byteLength === 0)
    return usageError('Nothing is kept of this notice: it was refused or erased.');
  const { subjects } = parseEnvelope(decodeUnit(message.unit).envelope);
  if (subjects.length === 0) return usageError('This notice names no subject, so it is tied to no other.');
  if (subject > subjects.length) return noSuchSubject(subjects.length, subject);
  return usageError('This notice is from a time that no pattern looks at any more.');
}

function noSuchSubject(named: number, subject: number): CausewayError {
  return usageError(`This notice names ${countOf(named, 'subject')}; there is no number ${subject}.`);
}
