/**
 * Signed notes (c2sp.org/signed-note): a text, a blank line, and lines `— name base64(key id ‖ signature)`.
 *
 * A signature of a key that nobody here knows is ignored; one of a known key that does not verify spoils the note.
 */
import { CausewayError } from '../errors.ts';
import { decodeBase64, decodeNoteText, malformedNote } from './note-text.ts';
import { isKeyName, readSignature, type VerifierKey } from './verifier-key.ts';

/** Bytes of a whole note with its signatures. */
export const maxNoteBytes = 512 * 1024;
const maxSignatures = 100;
const keyIdBytes = 4;

/** A signature line, taken apart and not yet checked. */
export type NoteSignature = {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Buffer;
  /** The line as it stands in the note, with its line feed. */
  readonly line: string;
};

/** A note, taken apart and not yet checked. */
export type Note = {
  /** What is signed, with the line feed at its end. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
};

/** A signature that has been checked. */
export type VerifiedSignature = {
  readonly key: VerifierKey;
  readonly line: string;
  /** When a cosignature was made, seconds since 1970. */
  readonly timeSeconds?: number;
};

/** Takes a note apart at its last blank line. @throws CausewayError `note-malformed` */
export function parseNote(source: Uint8Array | string): Note {
  if (source.length > maxNoteBytes) throw malformedNote('It is too long.');
  const whole = decodeNoteText(source);
  const blank = whole.lastIndexOf('\n\n');
  const text = whole.slice(0, blank + 1);
  const rest = whole.slice(blank + 2);
  if (whole === '') throw malformedNote('It is empty.');
  if (blank >= 0 && rest === '')
    throw malformedNote('It ends with a blank line, where its signatures are to stand.');
  if (blank < 0 || !rest.endsWith('\n')) throw malformedNote('It has no signatures after a blank line.');
  return { text, signatures: parseSignatureLines(rest) };
}

/** Reads one signature line or more, each with its line feed. @throws CausewayError `note-malformed` */
export function parseSignatureLines(text: string): NoteSignature[] {
  const lines = text.split('\n').slice(0, -1);
  if (lines.length === 0 || !text.endsWith('\n')) throw malformedNote('It has no signature line.');
  if (lines.length > maxSignatures) throw malformedNote(`It has more than ${maxSignatures} signatures.`);
  return lines.map(parseSignatureLine);
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...more] = line.split(' ');
  const bytes = decodeBase64(encoded);
  const isLine = dash === '\u2014' && isKeyName(name) && more.length === 0;
  if (!isLine || bytes === undefined || bytes.byteLength <= keyIdBytes) {
    throw malformedNote('A signature line does not have the form of one.');
  }
  return { name, keyId: bytes.readUInt32BE(), signature: bytes.subarray(keyIdBytes), line: `${line}\n` };
}

/** One signature line, with its line feed. */
export function formatSignatureLine({ name, keyId }: VerifierKey, signature: Uint8Array): string {
  const bytes = Buffer.alloc(keyIdBytes + signature.byteLength);
  bytes.writeUInt32BE(keyId);
  bytes.set(signature, keyIdBytes);
  return `\u2014 ${name} ${bytes.toString('base64')}\n`;
}

/** A note of a text and signature lines. @throws CausewayError `note-malformed` when the text may not be one */
export function formatNote(text: string, lines: readonly string[]): string {
  if (!decodeNoteText(text).endsWith('\n')) throw malformedNote('The text does not end with a line feed.');
  return `${text}\n${lines.join('')}`;
}

/** The note with more signature lines at its end; those that it has already are left out. */
export function addSignatures(note: string, lines: readonly string[]): string {
  const { text, signatures } = parseNote(note);
  const present = signatures.map(({ line }) => line);
  return formatNote(text, [...present, ...lines.filter((line) => !present.includes(line))]);
}

/**
 * The signatures of known keys on a note, each checked; none when no known key has signed.
 * @throws CausewayError `note-untrusted` when the signature of a known key does not verify
 */
export function verifySignatures(note: Note, keys: readonly VerifierKey[]): VerifiedSignature[] {
  return note.signatures.flatMap(({ name, keyId, signature, line }) => {
    const key = keys.find((known) => known.name === name && known.keyId === keyId);
    if (key === undefined) return [];
    const reading = readSignature(key, note.text, signature);
    if (reading === undefined) {
      throw new CausewayError('note-untrusted', { detail: `The signature of ${name} does not verify.` });
    }
    return [{ key, line, ...reading }];
  });
}

/**
 * As {@link verifySignatures}, and at least one of the keys must have signed.
 * @throws CausewayError `note-untrusted`
 */
export function verifyNote(note: Note, keys: readonly VerifierKey[]): VerifiedSignature[] {
  const verified = verifySignatures(note, keys);
  if (verified.length > 0) return verified;
  throw new CausewayError('note-untrusted', { detail: 'It has no signature of a trusted key.' });
}
