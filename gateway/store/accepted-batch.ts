/**
 * Acceptances on their way from the thread that reads and parses them to the one that needs them: few names, and one
 * buffer for the rest. What is packed costs the receiving thread about a microsecond each; parsed objects cost more to
 * be copied between threads than to be parsed.
 *
 * ```
 * bytes   (position f64 | at f64 | time f64) × count | words i32 × words | id, 36 characters × count
 * words   of each: source, category, severity, recipients | subjects | (length | packed sets) × subjects
 * ```
 *
 * Names stand for places in `names` and `lists`; packed sets are those of `protocol/linkage/packed-set.ts`.
 */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { maxSubjects } from '../../protocol/limits.ts';
import { maxWordsOfSubject, packSubject, type PackedTokens } from '../../protocol/linkage/packed-set.ts';
import { readAcceptedEnvelope } from '../../protocol/wire/accepted-envelope.ts';
import type { Envelope, Severity } from '../../protocol/wire/envelope.ts';
import type { ByteSink } from './byte-stream.ts';
import { PlainAcceptance } from './plain-acceptance.ts';
import type { Acceptance } from './port.ts';

/** What travels beside the bytes. */
export type AcceptedBatch = {
  readonly count: number;
  readonly words: number;
  readonly names: readonly string[];
  readonly lists: readonly Envelope['to'][];
  /** For each acceptance that answers another message. */
  readonly replies: readonly (readonly [index: number, inReplyTo: MessageId])[];
  /** The thread of each that is in one of another message. */
  readonly threads: readonly (readonly [index: number, thread: MessageId])[];
};

const numbersEach = 3;
const idBytes = 36;
const wordsEach = 5;
const mostWordsEach = wordsEach + maxSubjects * (1 + maxWordsOfSubject);
/** As in an envelope; no address has a quotation mark. */
const betweenRecipients = '","';

export class AcceptedBatchWriter {
  readonly #numbers: number[] = [];
  readonly #names = new Map<string, number>();
  readonly #lists = new Map<string, number>();
  readonly #replies: [number, MessageId][] = [];
  readonly #threads: [number, MessageId][] = [];
  readonly #plain = new PlainAcceptance();
  #ids = Buffer.allocUnsafe(1 << 15);
  #words = new Int32Array(1 << 15);
  #end = 0;
  #count = 0;
  /** Of all envelopes that were added. */
  envelopeBytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds a message by the bytes of its envelope, as they were accepted. @throws CausewayError `envelope-malformed` */
  add(position: number, at: number, envelope: Buffer): void {
    this.#makeRoom();
    const time = this.#addPlain(envelope) ?? this.#addParsed(readAcceptedEnvelope(envelope));
    this.#numbers.push(position, at, time);
    this.envelopeBytes += envelope.byteLength;
    this.#count += 1;
  }

  /** What was added. @param sink gets its bytes */
  finish(sink: ByteSink): AcceptedBatch {
    sink.add(new Uint8Array(Float64Array.from(this.#numbers).buffer));
    sink.add(new Uint8Array(this.#words.buffer, 0, this.#end * Int32Array.BYTES_PER_ELEMENT));
    sink.add(this.#ids.subarray(0, idBytes * this.#count));
    return {
      count: this.#count,
      words: this.#end,
      names: [...this.#names.keys()],
      lists: Array.from(this.#lists.keys(), (list) => list.split(betweenRecipients)),
      replies: this.#replies,
      threads: this.#threads,
    };
  }

  /** @returns when it was written; undefined, and nothing is added, where its form is another one */
  #addPlain(bytes: Buffer): number | undefined {
    const plain = this.#plain;
    const end = plain.read(bytes, this.#words, this.#end + wordsEach);
    if (end < 0) return undefined;
    const textAt = ([from, to]: readonly [number, number]): string => bytes.toString('latin1', from, to);
    const idAt = (place: number): MessageId => bytes.toString('latin1', place, place + idBytes) as MessageId;
    bytes.copy(this.#ids, idBytes * this.#count, plain.idAt, plain.idAt + idBytes);
    if (plain.replyAt > 0) this.#replies.push([this.#count, idAt(plain.replyAt)]);
    if (!isSame(bytes, plain.idAt, plain.threadAt)) this.#threads.push([this.#count, idAt(plain.threadAt)]);
    this.#put(placeOf(textAt(plain.source), this.#names));
    this.#put(placeOf(textAt(plain.category), this.#names));
    this.#put(placeOf(textAt(plain.severity), this.#names));
    this.#put(placeOf(textAt(plain.recipients), this.#lists));
    this.#put(plain.subjects);
    this.#end = end;
    return plain.time;
  }

  /** @returns when it was written */
  #addParsed({ id, source, time, category, severity, to, subjects, thread, inReplyTo }: Envelope): number {
    this.#ids.write(id, idBytes * this.#count, 'latin1');
    if (inReplyTo !== undefined) this.#replies.push([this.#count, inReplyTo]);
    if (thread !== id) this.#threads.push([this.#count, thread]);
    this.#put(placeOf(source, this.#names));
    this.#put(placeOf(category, this.#names));
    this.#put(placeOf(severity, this.#names));
    this.#put(placeOf(to.join(betweenRecipients), this.#lists));
    this.#put(subjects.length);
    for (const subject of subjects) {
      const end = packSubject(subject, this.#words, this.#end + 1);
      this.#put(end - this.#end - 1);
      this.#end = end;
    }
    return Date.parse(time);
  }

  #put(word: number): void {
    this.#words[this.#end++] = word;
  }

  /** For one more. */
  #makeRoom(): void {
    if (this.#end + mostWordsEach > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words.subarray(0, this.#end));
      this.#words = larger;
    }
    if (idBytes * (this.#count + 1) > this.#ids.byteLength) {
      this.#ids = Buffer.concat([this.#ids], this.#ids.byteLength * 2);
    }
  }
}

/** True where the same id stands at both places. */
function isSame(bytes: Buffer, a: number, b: number): boolean {
  for (let index = 0; index < idBytes; index += 1) if (bytes[a + index] !== bytes[b + index]) return false;
  return true;
}

function placeOf(name: string, places: Map<string, number>): number {
  const known = places.get(name);
  if (known !== undefined) return known;
  places.set(name, places.size);
  return places.size - 1;
}

/** @param bytes from a place that whole numbers of eight bytes precede in their buffer; subjects stay views of them */
export function unpackAccepted(batch: AcceptedBatch, bytes: Uint8Array): Acceptance[] {
  const { count, names, lists } = batch;
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, numbersEach * count);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + numbers.byteLength, batch.words);
  const ids = Buffer.from(bytes.buffer, words.byteOffset + words.byteLength, idBytes * count);
  const replies = new Map(batch.replies);
  const threads = new Map(batch.threads);
  const acceptances: Acceptance[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const id = ids.toString('latin1', idBytes * index, idBytes * (index + 1)) as MessageId;
    const [source, category, severity] = [nameAt(at), nameAt(at + 1), nameAt(at + 2)];
    const to = lists[words[at + 3] ?? 0] ?? [];
    const subjects: PackedTokens[] = [];
    const count = words[at + 4] ?? 0;
    at += wordsEach;
    while (subjects.length < count) {
      const length = words[at] ?? 0;
      subjects.push({ words, from: at + 1, length });
      at += 1 + length;
    }
    acceptances.push({
      position: numbers[numbersEach * index] ?? 0,
      at: numbers[numbersEach * index + 1] ?? 0,
      id,
      source: source as EndpointAddress,
      time: numbers[numbersEach * index + 2] ?? 0,
      category,
      severity: severity as Severity,
      to,
      thread: threads.get(index) ?? id,
      inReplyTo: replies.get(index),
      subjects,
    });
  }
  return acceptances;

  function nameAt(place: number): string {
    return names[words[place] ?? 0] ?? '';
  }
}
