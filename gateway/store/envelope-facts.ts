/** What the order of acceptance needs of a message: its envelope says it all. */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { maxSubjects } from '../../protocol/limits.ts';
import { maxWordsOfSubject, packSubject } from '../../protocol/linkage/packed-set.ts';
import { readAcceptedEnvelope } from '../../protocol/wire/accepted-envelope.ts';
import type { Severity } from '../../protocol/wire/envelope.ts';
import { PlainAcceptance } from './plain-acceptance.ts';

export type EnvelopeFacts = {
  readonly id: MessageId;
  readonly source: EndpointAddress;
  readonly category: string;
  readonly severity: Severity;
  /** Whom it is to, with {@link betweenRecipients} between the addresses. */
  readonly recipients: string;
  readonly thread: MessageId;
  readonly inReplyTo: MessageId | undefined;
  /** When it was written, ms since 1970. */
  readonly time: number;
  readonly subjects: number;
  /** Where its last subject ends in the words. */
  readonly end: number;
};

/** The most words that the subjects of one message take, each behind its number of words. */
export const mostSubjectWords = maxSubjects * (1 + maxWordsOfSubject);
/** As in an envelope; no address has a quotation mark. */
export const betweenRecipients = '","';
const idBytes = 36;

const plain = new PlainAcceptance();

/**
 * Reads the bytes of an envelope, as they were accepted, and packs each of its subjects behind its number of words.
 * @param words with room for {@link mostSubjectWords} @param at where the first one goes
 * @throws CausewayError `envelope-malformed`
 */
export function readFacts(envelope: Buffer, words: Int32Array, at: number): EnvelopeFacts {
  const end = plain.read(envelope, words, at);
  return end < 0 ? parseFacts(envelope, words, at) : plainFacts(envelope, end);
}

/** Of what was read last. */
function plainFacts(bytes: Buffer, end: number): EnvelopeFacts {
  const textAt = ([from, to]: readonly [number, number]): string => bytes.toString('latin1', from, to);
  const idAt = (place: number): MessageId => bytes.toString('latin1', place, place + idBytes) as MessageId;
  return {
    id: idAt(plain.idAt),
    source: textAt(plain.source) as EndpointAddress,
    category: textAt(plain.category),
    severity: textAt(plain.severity) as Severity,
    recipients: textAt(plain.recipients),
    thread: idAt(plain.threadAt),
    inReplyTo: plain.replyAt > 0 ? idAt(plain.replyAt) : undefined,
    time: plain.time,
    subjects: plain.subjects,
    end,
  };
}

function parseFacts(bytes: Buffer, words: Int32Array, at: number): EnvelopeFacts {
  const envelope = readAcceptedEnvelope(bytes);
  const { id, source, category, severity, thread, inReplyTo, subjects } = envelope;
  let end = at;
  for (const subject of subjects) {
    const next = packSubject(subject, words, end + 1);
    words[end] = next - end - 1;
    end = next;
  }
  const recipients = envelope.to.join(betweenRecipients);
  const time = Date.parse(envelope.time);
  return {
    id,
    source,
    category,
    severity,
    recipients,
    thread,
    inReplyTo,
    time,
    subjects: subjects.length,
    end,
  };
}
