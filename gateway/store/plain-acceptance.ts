/**
 * Finds in the bytes of an accepted envelope what the order of acceptance needs, where it is in the plain form in which
 * our own software writes it (`protocol/wire/plain-envelope.ts`). Not its correctness is at issue here, which was proven
 * before it was accepted, but where its parts are. Whatever is in another form has to be parsed.
 */
import { comma, listEnd, quote, standsAt, zero } from '../../protocol/json-bytes.ts';
import { SubjectScanner } from '../../protocol/linkage/scan-subject.ts';

const idBytes = 36;
const timeBytes = 24;
const digestBytes = 43;

const begin = Buffer.from('{"id":"');
const beforeSource = Buffer.from('","source":"');
const beforeTime = Buffer.from('","type":"notice","time":"');
const beforeExpires = Buffer.from('","expires":"');
const beforeTo = Buffer.from('","to":["');
const beforeSequence = Buffer.from(',"sequence":[');
const beforeCategory = Buffer.from(',"category":"');
const beforeSeverity = Buffer.from('","severity":"');
const beforePurpose = Buffer.from('","purpose":"');
const beforeBasis = Buffer.from('","basis":"');
const beforeSchema = Buffer.from('","dataschema":"');
const beforeSubjects = Buffer.from('","subjects":[');
const beforeThread = Buffer.from(',"thread":"');
const beforeReply = Buffer.from('","inReplyTo":"');
const beforeDigest = Buffer.from('","payloadDigest":"');
const beforeSize = Buffer.from('","payloadBytes":');
const beforeKeys = Buffer.from(',"recipientKeys":[');
const beforeSigningKey = Buffer.from('],"attachments":[],"signingKey":"');
const ending = Buffer.from('"}');

/** Places are of bytes in the envelope; each part begins at its place and ends before the place after it. */
export class PlainAcceptance {
  idAt = 0;
  source: readonly [from: number, to: number] = [0, 0];
  category: readonly [from: number, to: number] = [0, 0];
  severity: readonly [from: number, to: number] = [0, 0];
  /** The addresses, with `","` between them. */
  recipients: readonly [from: number, to: number] = [0, 0];
  threadAt = 0;
  /** 0 where it answers nothing. */
  replyAt = 0;
  /** When it was written, ms since 1970. */
  time = 0;
  subjects = 0;
  readonly #scanner = new SubjectScanner();

  /**
   * Reads an envelope, and packs each of its subjects behind its number of words.
   * @param words with room for as many subjects as an envelope may have @param at where the first one goes
   * @returns where the last one ends; -1 where the envelope has another form
   */
  read(bytes: Buffer, words: Int32Array, at: number): number {
    const subjectsAt = this.#readBeginning(bytes);
    if (subjectsAt < 0) return -1;
    const end = this.#readSubjects(bytes, subjectsAt, words, at);
    return end >= 0 && this.#readEnding(bytes, this.#scanner.end) ? end : -1;
  }

  /** @returns where the subjects begin */
  #readBeginning(bytes: Buffer): number {
    this.idAt = behind(bytes, 0, begin);
    const source = behind(bytes, this.idAt + idBytes, beforeSource);
    const sourceEnd = endOfText(bytes, source);
    this.source = [source, sourceEnd];
    const time = behind(bytes, sourceEnd, beforeTime);
    const expires = behind(bytes, time + timeBytes, beforeExpires);
    const to = behind(bytes, expires + timeBytes, beforeTo);
    const toEnd = endOfList(bytes, to);
    this.recipients = [to, toEnd - 1];
    const sequence = behind(bytes, toEnd + 1, beforeSequence);
    const category = behind(bytes, endOfList(bytes, sequence) + 1, beforeCategory);
    const categoryEnd = endOfText(bytes, category);
    this.category = [category, categoryEnd];
    const severity = behind(bytes, categoryEnd, beforeSeverity);
    const severityEnd = endOfText(bytes, severity);
    this.severity = [severity, severityEnd];
    const purpose = behind(bytes, severityEnd, beforePurpose);
    const basis = behind(bytes, endOfText(bytes, purpose), beforeBasis);
    const basisEnd = endOfText(bytes, basis);
    const schema = behind(bytes, basisEnd, beforeSchema);
    // Each step fails where the one before it has. A year before 1000 would be taken for one of the last century.
    if (bytes[time] === zero) return failed;
    this.time = timeAt(bytes, time);
    return behind(bytes, schema < 0 ? basisEnd : endOfText(bytes, schema), beforeSubjects);
  }

  #readSubjects(bytes: Buffer, from: number, words: Int32Array, at: number): number {
    const scanner = this.#scanner;
    let end = at;
    this.subjects = 0;
    scanner.end = from;
    if (bytes[from] !== listEnd) {
      for (;;) {
        const next = scanner.pack(bytes, scanner.end, words, end + 1);
        if (next < 0) return -1;
        words[end] = next - end - 1;
        end = next;
        this.subjects += 1;
        if (bytes[scanner.end] === listEnd) break;
        if (bytes[scanner.end] !== comma) return -1;
        scanner.end += 1;
      }
    }
    scanner.end += 1;
    return end;
  }

  /** To the last byte: what is answered may stand behind the rest, where the form is another one. */
  #readEnding(bytes: Buffer, from: number): boolean {
    this.threadAt = behind(bytes, from, beforeThread);
    const end = this.threadAt + idBytes;
    this.replyAt = Math.max(0, behind(bytes, end, beforeReply));
    const digest = behind(bytes, this.replyAt === 0 ? end : this.replyAt + idBytes, beforeDigest);
    const size = behind(bytes, digest + digestBytes, beforeSize);
    const keys = behind(bytes, endAt(bytes, size, comma), beforeKeys);
    const signingKey = behind(bytes, endOfList(bytes, keys), beforeSigningKey);
    return this.threadAt >= 0 && behind(bytes, signingKey + digestBytes, ending) === bytes.length;
  }
}

/** @returns the place behind these bytes; less than nothing where they do not stand there */
function behind(bytes: Buffer, at: number, wanted: Buffer): number {
  return at >= 0 && standsAt(bytes, at, wanted) ? at + wanted.length : failed;
}

/** So far below nothing that no step from there leads to anything. */
const failed = -1_000;

function endOfText(bytes: Buffer, from: number): number {
  return endAt(bytes, from, quote);
}

function endOfList(bytes: Buffer, from: number): number {
  return endAt(bytes, from, listEnd);
}

function endAt(bytes: Buffer, from: number, end: number): number {
  if (from < 0) return failed;
  for (let place = from; place < bytes.length; place += 1) if (bytes[place] === end) return place;
  return failed;
}

/** `2026-11-23T09:30:00.000Z` as ms since 1970. */
function timeAt(bytes: Buffer, at: number): number {
  const digits = (from: number, count: number): number => {
    let value = 0;
    for (let place = at + from; place < at + from + count; place += 1) {
      value = 10 * value + (bytes[place] ?? zero) - zero;
    }
    return value;
  };
  const day = [digits(0, 4), digits(5, 2) - 1, digits(8, 2)] as const;
  return Date.UTC(...day, digits(11, 2), digits(14, 2), digits(17, 2), digits(20, 3));
}
