/**
 * A state that was begun once is not begun again by itself: `state-begun` in the home says that there was one. Without it
 * nobody would see that what waited to be sent, and all that was known, is gone. A home from before has none, and gets it
 * as soon as its state is opened.
 */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellWord } from '../../files/shell-word.ts';
import { CausewayError } from '../../protocol/errors.ts';

const markName = 'state-begun';

/**
 * True where a state was begun beside this path. To be asked before the file is looked at: another process that is just
 * making it sets the mark once the file is filled.
 */
export function wasBegun(path: string): boolean {
  return existsSync(markOf(path));
}

/** True where there is no file, or an empty one, in which SQLite would begin. */
export function isStateMissing(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || (found.isFile() && found.size === 0);
}

/** Where it cannot be written at present, the next opening does it. */
export function noteBegun(path: string): void {
  const words =
    'A state.db was begun in this home. While this file is here, another is not begun in its place.\n';
  try {
    writeFileSync(markOf(path), words, { flag: 'wx', mode: 0o600 });
  } catch {
    // Of no weight for what was asked for.
  }
}

export function lostState(path: string): CausewayError {
  const mark = markOf(path);
  const detail =
    `${path} is missing or empty, and ${mark} says that this home had a state. Nothing was begun anew. Put the one from ` +
    'the backup of the home in its place, or mount its disk. Only where it is lost for good, begin without it: what waited ' +
    'in the outbox, the ids of notices that were dealt with, the trusted keys, how far the log was verified and the numbers ' +
    `of notices are gone then. The command that allows it: rm ${shellWord(mark)}`;
  return new CausewayError('home-invalid', { detail });
}

function markOf(path: string): string {
  return join(dirname(path), markName);
}
