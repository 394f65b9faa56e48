/** What editors, mail and version control put into text files: harmless in a key, and fatal to a signature. */

const byteOrderMark = Buffer.from('\ufeff');

/** A key file as it was handed out: without a byte order mark, and its lines ended by LF alone. */
export function withoutEditorMarks(bytes: Buffer): Buffer {
  const text = bytes.subarray(startsWithMark(bytes) ? byteOrderMark.length : 0).toString('latin1');
  return Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1');
}

/** What was put into signed text, as the end of a sentence. Of JSON, whose layout nothing signs, it is none. */
export function editorMarkIn(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 64).toString('latin1').trimStart().startsWith('{')) return undefined;
  if (startsWithMark(bytes)) return 'it begins with a byte order mark, which its signatures do not cover';
  return bytes.includes('\r\n')
    ? 'its lines end in CR LF, and those that were signed end in LF alone'
    : undefined;
}

function startsWithMark(bytes: Buffer): boolean {
  return bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark);
}
