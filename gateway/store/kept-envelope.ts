/**
 * The envelope of a message that was kept. Whoever asks goes on without it where there is none: one damaged row must stop
 * neither alerts nor an account. That it is damaged, `gateway check` says, which holds every message against its digests.
 */
import { isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { parseEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import { decodeUnit } from '../../protocol/wire/frame.ts';
import type { MessageEvidence, Store } from './port.ts';

/** Undefined where the message was refused or erased, and where its unit is so damaged that it has no envelope any more. */
export function keptEnvelope({ unit }: Pick<MessageEvidence, 'unit'>): Envelope | undefined {
  if (unit.byteLength === 0) return undefined;
  try {
    return parseEnvelope(decodeUnit(unit).envelope);
  } catch (error) {
    if (isCausewayError(error)) return undefined;
    throw error;
  }
}

/** That of the message with this id from this sender; undefined where there is no such message, too. */
export async function readKeptEnvelope(
  store: Pick<Store, 'readEvidence'>,
  id: MessageId,
  source: EndpointAddress,
): Promise<Envelope | undefined> {
  const found = (await store.readEvidence(id)).find((one) => one.source === source);
  return found === undefined ? undefined : keptEnvelope(found);
}
