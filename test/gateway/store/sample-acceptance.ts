/** Acceptances as stores give them, made from envelopes. */
import {
  AcceptedBatchWriter,
  unpackAccepted,
  type AcceptedBatch,
} from '../../../gateway/store/accepted-batch.ts';
import { ByteSink } from '../../../gateway/store/byte-stream.ts';
import type { Acceptance } from '../../../gateway/store/port.ts';
import { encodeEnvelope, type Envelope } from '../../../protocol/wire/envelope.ts';

/** As after a journey between threads. */
export function travel(writer: AcceptedBatchWriter): Acceptance[] {
  const sink = new ByteSink();
  const batch = structuredClone<AcceptedBatch>(writer.finish(sink));
  return unpackAccepted(batch, new Uint8Array(sink.finish()));
}

export function acceptanceOf(envelope: Envelope, position = 1, at = 0): Acceptance {
  const writer = new AcceptedBatchWriter();
  writer.add(position, at, encodeEnvelope(envelope));
  return travel(writer)[0]!;
}
