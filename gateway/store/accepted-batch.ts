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
import type { PackedTokens } from '../../protocol/linkage/packed-set.ts';
import type { Envelope, Severity } from '../../protocol/wire/envelope.ts';
import type { ByteSink } from './byte-stream.ts';
import { betweenRecipients, mostSubjectWords, readFacts, type EnvelopeFacts } from './envelope-facts.ts';
import { unpackAcceptance } from './packed-acceptance.ts';
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

export class AcceptedBatchWriter {
  readonly #numbers: number[] = [];
  readonly #names = new Map<string, number>();
  readonly #lists = new Map<string, number>();
  readonly #replies: [number, MessageId][] = [];
  readonly #threads: [number, MessageId][] = [];
  #ids = Buffer.allocUnsafe(1 << 15);
  #words = new Int32Array(1 << 15);
  #end = 0;
  #count = 0;
  /** Of all envelopes, and all that was packed of one, that were added. */
  readBytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds a message by the bytes of its envelope, as they were accepted. @throws CausewayError `envelope-malformed` */
  add(position: number, at: number, envelope: Buffer): void {
    this.#makeRoom();
    this.#put(position, at, readFacts(envelope, this.#words, this.#end + wordsEach));
    this.readBytes += envelope.byteLength;
  }

  /** As {@link add}. @returns false, and nothing is added, where the envelope cannot be read */
  tryAdd(position: number, at: number, envelope: Buffer): boolean {
    try {
      this.add(position, at, envelope);
      return true;
    } catch {
      // It is what its digest says; but who can write the one beside the other can have both be anything.
      return false;
    }
  }

  /** Adds a message by what was packed of it. @returns false, and nothing is added, where that has another form */
  addPacked(position: number, at: number, packed: Uint8Array): boolean {
    this.#makeRoom();
    const facts = unpackAcceptance(packed, this.#words, this.#end + wordsEach);
    if (facts === undefined) return false;
    this.#put(position, at, facts);
    this.readBytes += packed.byteLength;
    return true;
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

  /** Its subjects stand in their place. */
  #put(position: number, at: number, facts: EnvelopeFacts): void {
    const { id, source, category, severity, recipients, thread, inReplyTo, time } = facts;
    this.#numbers.push(position, at, time);
    this.#ids.write(id, idBytes * this.#count, 'latin1');
    if (inReplyTo !== undefined) this.#replies.push([this.#count, inReplyTo]);
    if (thread !== id) this.#threads.push([this.#count, thread]);
    const words = this.#words;
    words[this.#end] = placeOf(source, this.#names);
    words[this.#end + 1] = placeOf(category, this.#names);
    words[this.#end + 2] = placeOf(severity, this.#names);
    words[this.#end + 3] = placeOf(recipients, this.#lists);
    words[this.#end + 4] = facts.subjects;
    this.#end = facts.end;
    this.#count += 1;
  }

  /** For one more. */
  #makeRoom(): void {
    if (this.#end + wordsEach + mostSubjectWords > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words.subarray(0, this.#end));
      this.#words = larger;
    }
    if (idBytes * (this.#count + 1) > this.#ids.byteLength) {
      this.#ids = Buffer.concat([this.#ids], this.#ids.byteLength * 2);
    }
  }
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
