/** The plain parts of signed notes and of what is built on them: UTF-8, base64 and numbers, each in one form only. */
import { CausewayError } from '../errors.ts';
import { hashBytes } from './merkle.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const control = /[\u0000-\u0009\u000b-\u001f]/;

/** Text of a note: UTF-8 without control characters other than line feeds. @throws CausewayError `note-malformed` */
export function decodeNoteText(source: Uint8Array | string): string {
  const text = typeof source === 'string' ? source : decodeUtf8(source);
  if (text.includes('\r\n'))
    throw malformedNote(
      'Its lines end in CR LF, and those that were signed end in LF alone: fetch the original.',
    );
  // A string may hold half of a character, which no UTF-8 can say.
  if (control.test(text) || !text.isWellFormed())
    throw malformedNote('It holds characters that no note may hold.');
  return text;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CausewayError('note-malformed', { detail: 'It is not UTF-8.', cause });
  }
}

/** Bytes of standard base64 with padding (RFC 4648, 4), or `undefined` for any other writing of them. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** A hash of 32 bytes in base64, or `undefined`. */
export function decodeHash(text: string): Buffer | undefined {
  const hash = text.length === 44 ? decodeBase64(text) : undefined;
  return hash?.byteLength === hashBytes ? hash : undefined;
}

/** A size or index: ASCII digits without leading zeros, up to 2^53 − 1; or `undefined`. */
export function parseDecimal(text: string): number | undefined {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A note is not one. */
export function malformedNote(detail: string): CausewayError {
  return new CausewayError('note-malformed', { detail });
}
