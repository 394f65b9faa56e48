/** What `causeway send` sends: a document of a data set, text, or a file. */
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { CausewayError } from '../../protocol/errors.ts';
import { fileNameSchema } from '../../protocol/wire/content.ts';
import { limits } from '../../protocol/limits.ts';
import { parseJsonInput, readInput, usageError } from '../../terminal/input.ts';
import { decodeInput } from '../../terminal/utf8-text.ts';
import type { FileContent, TextContent } from '../sdk/outgoing-notice.ts';

export type ContentFlags = {
  readonly dataset?: string;
  readonly content?: string;
  readonly text?: string;
  readonly file?: string;
  readonly mediaType?: string;
};

/** Content as read; a document's data set is still the name that the caller gave. */
export type ReadContent =
  | { readonly dataset: string; readonly document: unknown }
  | { readonly dataset?: undefined; readonly content: TextContent | FileContent };

const mediaTypes: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.doc': 'application/msword',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.odt': 'application/vnd.oasis.opendocument.text',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.rtf': 'application/rtf',
  '.txt': 'text/plain',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.xml': 'application/xml',
  '.zip': 'application/zip',
};

const remedy = 'Save it as UTF-8, or send it as it is with --file.';

/** Checks that the flags name one thing to send. @throws CausewayError `usage-invalid` */
export function checkContentFlags({ dataset, content, text, file, mediaType }: ContentFlags): void {
  const given = [dataset ?? content, text, file].filter((flag) => flag !== undefined);
  if (given.length !== 1) {
    throw usageError(
      'Give one thing to send: --dataset NAME --content FILE, or --text TEXT, or --file PATH.',
    );
  }
  if ((dataset === undefined) !== (content === undefined)) {
    throw usageError('--dataset NAME and --content FILE belong together; see: causeway dataset list');
  }
  if (mediaType !== undefined && file === undefined) throw usageError('--media-type belongs to --file.');
}

/** Reads what to send. @throws CausewayError `usage-invalid`, `payload-too-large` */
export async function readContent(flags: ContentFlags): Promise<ReadContent> {
  checkContentFlags(flags);
  const { dataset, content, text, file, mediaType } = flags;
  const read = (path: string): Promise<Buffer> => readInput(path, process.stdin, limits.maxPayloadBytes);
  if (dataset !== undefined && content !== undefined) {
    const bytes = await read(content);
    assertFilled(decodeInput(content, bytes, remedy), content === '-' ? 'stdin' : content);
    return { dataset, document: parseJsonInput(content, bytes) };
  }
  if (text !== undefined) {
    const words = text === '-' ? decodeInput('-', await read('-'), remedy) : text;
    if (text !== '-') assertDecoded(words);
    assertFilled(words, text === '-' ? 'stdin' : 'the text of --text');
    return { content: { text: words } };
  }
  if (file === undefined || file === '-') throw usageError('--file needs the path of a file.');
  const name = basename(file);
  const type = mediaType ?? mediaTypes[extname(name).toLowerCase()] ?? 'application/octet-stream';
  await refuseSpecialFile(file);
  const bytes = await read(file);
  if (bytes.byteLength === 0) throw emptyError(file);
  if (!fileNameSchema.safeParse(name).success) throw unfitName(file);
  return { content: { file: bytes, name, mediaType: type } };
}

/**
 * A pipe may never end, and has no name that would tell the recipient anything. The other options take one: what comes from
 * another command, such as a token, need not be written down.
 */
async function refuseSpecialFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  // Reading has better words for what is not there, and for a folder.
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  throw usageError(
    `${file} is a pipe or a device, not a file. Write its content to a file first, and name that with --file.`,
  );
}

/** Of what is typed, Node has put this mark in the place of what is not UTF-8. */
function assertDecoded(text: string): void {
  if (!text.includes('\ufffd')) return;
  throw usageError(
    'The text of --text is not UTF-8, or has a mark that stands for a lost character. Set the terminal to UTF-8, or put the text into a file and send that with --file.',
  );
}

/** An unset variable in a script must not become a notice that says nothing. */
function assertFilled(text: string, what: string): void {
  if (text.trim() === '') throw emptyError(what);
}

function emptyError(what: string): CausewayError {
  return usageError(`There is nothing to send: ${what} is empty.`);
}

function unfitName(file: string): CausewayError {
  return usageError(
    `The name of ${file} cannot travel: it must have 1 to 255 characters, none of them a control character, a backslash or a mark that turns the direction of text. Rename the file.`,
  );
}
