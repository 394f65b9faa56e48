/** Says that leaves are shown which nobody has held against the published log. */
import { fileReason } from '../../files/file-trouble.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { jsonLine } from '../../terminal/json-line.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Unchecked } from '../audit/published-leaves.ts';

/**
 * Shows it on stderr; with `--json` as an object among the others. What is shown goes on: people read the record just
 * when something is broken, and who broke a file must not decide what can be read. But the command ends with exit code 3,
 * except where nothing was published yet, so that no script takes what it got for checked.
 * @param isOurs false where stdout has the form of somebody else, and the object goes to stderr too
 */
export function tellUnchecked(unchecked: Unchecked, terminal: Terminal, isOurs = true): void {
  const detail = uncheckedInWords(unchecked);
  if (unchecked.reason === 'never-published') {
    terminal.hint(detail);
    return;
  }
  process.exitCode = exitCodes.temporary;
  const object = { type: 'unchecked', reason: unchecked.reason, detail };
  if (!terminal.wantsJson) terminal.hint(`unchecked: ${detail}`);
  else if (isOurs) terminal.json(object);
  else terminal.stderr.write(`${jsonLine(object)}\n`);
}

/** A sentence or two. */
export function uncheckedInWords(unchecked: Unchecked): string {
  const consequence = 'What the store says could be held against nothing.';
  switch (unchecked.reason) {
    case 'never-published':
      return 'Nothing of this log has been published yet: what the store says could be held against nothing.';
    case 'checkpoint-missing':
      return `The log was published, and its checkpoint is gone. ${consequence}`;
    case 'checkpoint-unreadable':
      return `The checkpoint of the published log cannot be used${reasonOf(unchecked.cause)}. ${consequence}`;
    case 'log-forked':
      return `The store does not hold leaf ${unchecked.size - 1}, the last that was published: it was restored from an older copy, or changed. Leaves from ${unchecked.size} on stand in no published log; those that were recorded since a restore in the place of published ones are told as changed. \`causeway gateway check\` says where they part.`;
    case 'tile-unreadable':
      return `A published tile is missing, cut or cannot be read: leaf ${unchecked.leaf}, and maybe others, could be held against nothing. \`causeway audit verify\` on the folder \`log\` names the file.`;
  }
}

/** Without the path: the folder is the one that was named. */
function reasonOf(cause: unknown): string {
  return isCausewayError(cause) ? ` (${showableLine(cause.message)})` : fileReason(cause);
}
