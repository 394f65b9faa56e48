/** Verifier keys from files: the log's own, and those of witnesses. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isCausewayError } from '../../protocol/errors.ts';
import { decodeNoteText } from '../../protocol/proof/note-text.ts';
import { parseVerifierKey, type VerifierKey } from '../../protocol/proof/verifier-key.ts';
import { withoutEditorMarks } from './editor-marks.ts';
import { readKeyPipe } from './key-pipe.ts';
import { readUpTo } from './log-folder.ts';
import { lowerFirst } from './lower-first.ts';
import { unreadable } from './unreadable.ts';

/** The name of the file with the log's key, beside the folder of a log. */
export const logKeyFile = 'log.vkey';

const maxKeyFileBytes = 64 * 1024;

/**
 * The keys in a file or a pipe, one a line; a log that has changed its key has several. Nothing signs the layout.
 * @throws CausewayError `log-unreadable`
 */
export async function readVerifierKeys(path: string): Promise<VerifierKey[]> {
  const bytes = await readUpTo(path, maxKeyFileBytes, (pipe) => readKeyPipe(pipe, path, maxKeyFileBytes));
  if (bytes === undefined) throw unreadable(path, 'there is no such file');
  try {
    const lines = decodeNoteText(withoutEditorMarks(bytes))
      .split('\n')
      .filter((line) => line !== '');
    if (lines.length > 0) return lines.map((line) => parseVerifierKey(line));
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    throw unreadable(path, lowerFirst((error.detail ?? error.message).replace(/\.$/, '')), error);
  }
  throw unreadable(path, 'it holds no verifier key');
}

/**
 * Where the key of a log is looked for when none is named: `log.vkey` beside the folder or the file, and for a file
 * also one folder further up.
 * @throws CausewayError `log-unreadable` when there is none
 */
export async function findLogKeyFile(subject: string): Promise<string> {
  const beside = dirname(resolve(subject));
  for (const folder of [beside, dirname(beside)]) {
    const path = join(folder, logKeyFile);
    if ((await stat(path).catch(() => undefined))?.isFile() === true) return path;
  }
  throw unreadable(subject, `there is no ${logKeyFile} beside it; name the key of the log with --key`);
}
