/**
 * What the order of acceptance needs of one message, in a fraction of the bytes of its envelope, to be kept beside it:
 * whoever reads history then neither carries nor parses the rest.
 *
 * ```
 * numbers   time f64 | form i32 | words i32 | subjects i32 | lengths u16 × 4 | answers u16 | is in another's thread u16
 * words     i32 × words: (length | packed sets) × subjects
 * texts     id | source, category, severity, recipients: of those lengths | thread, if another's | inReplyTo, if it answers
 * ```
 *
 * Numbers are in the order of bytes of the machine that wrote them: the form, too, so that another order is seen as
 * another form. Ids have 36 characters. It is made from the envelope alone, so it can be made from there again.
 */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { packedForm } from '../../protocol/linkage/packed-set.ts';
import type { Severity } from '../../protocol/wire/envelope.ts';
import { mostSubjectWords, readFacts, type EnvelopeFacts } from './envelope-facts.ts';

const headerBytes = 32;
const idBytes = 36;
const wordBytes = Int32Array.BYTES_PER_ELEMENT;

/** Room for one message, which is copied from here at once. */
const packing = new Int32Array(mostSubjectWords);
const packingBytes = new Uint8Array(packing.buffer);

const header = new ArrayBuffer(headerBytes);
const headerBuffer = new Uint8Array(header);
const time = new Float64Array(header, 0, 1);
/** The form, the words and the subjects. */
const counts = new Int32Array(header, 8, 3);
/** Of source, category, severity and recipients; then 1 where it answers, and 1 where it is in another's thread. */
const lengths = new Uint16Array(header, 20, 6);

/** @param envelope as it was accepted @throws CausewayError `envelope-malformed` */
export function packAcceptance(envelope: Buffer): Buffer {
  const facts = readFacts(envelope, packing, 0);
  const { id, source, category, severity, recipients, thread, inReplyTo, end } = facts;
  time[0] = facts.time;
  counts.set([packedForm, end, facts.subjects]);
  const texts = [source, category, severity, recipients];
  const isInAnothers = thread !== id;
  lengths.set([...texts.map((text) => text.length), Number(inReplyTo !== undefined), Number(isInAnothers)]);
  const text = Buffer.from([id, ...texts, isInAnothers ? thread : '', inReplyTo ?? ''].join(''), 'latin1');
  return Buffer.concat([headerBuffer, packingBytes.subarray(0, end * wordBytes), text]);
}

/**
 * Gives it back, with its subjects as {@link readFacts} packs them.
 * @returns undefined where it has another form, or is none at all: what it says is to be read from the envelope
 */
export function unpackAcceptance(
  packed: Uint8Array,
  words: Int32Array,
  at: number,
): EnvelopeFacts | undefined {
  if (packed.byteLength < headerBytes) return undefined;
  headerBuffer.set(packed.subarray(0, headerBytes));
  const [form, count = 0, subjects = 0] = counts;
  const [source = 0, category = 0, severity = 0, recipients = 0, replies = 0, isInAnothers = 0] = lengths;
  const textsAt = headerBytes + count * wordBytes;
  const idsEnd = idBytes * (1 + replies + isInAnothers);
  if (
    form !== packedForm ||
    textsAt + source + category + severity + recipients + idsEnd !== packed.byteLength
  ) {
    return undefined;
  }
  new Uint8Array(words.buffer, words.byteOffset).set(packed.subarray(headerBytes, textsAt), at * wordBytes);
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  let place = textsAt;
  const next = (length: number): string => bytes.toString('latin1', place, (place += length));
  const id = next(idBytes) as MessageId;
  return {
    id,
    source: next(source) as EndpointAddress,
    category: next(category),
    severity: next(severity) as Severity,
    recipients: next(recipients),
    thread: isInAnothers === 1 ? (next(idBytes) as MessageId) : id,
    inReplyTo: replies === 1 ? (next(idBytes) as MessageId) : undefined,
    time: time[0] ?? 0,
    subjects,
    end: at + count,
  };
}
