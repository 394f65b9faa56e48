/** That the gateway has a directory which could not be read: what is shown of the one before may be out of date. */
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Client } from '../sdk/client.ts';
import type { UnreadDirectory } from '../sdk/directory-reading.ts';

/** Says so: on stderr, for scripts as an object on stdout. @returns true where there is one */
export function tellUnreadDirectory({ directory }: Client, terminal: Terminal): boolean {
  const { unread, version } = directory;
  if (unread === undefined) return false;
  if (terminal.wantsJson) terminal.json(unreadObject(unread, version));
  else terminal.hint(terminal.paint.warn(unreadWords(unread, version)));
  return true;
}

/** @param held the version that was read last */
export function unreadWords({ version, error }: UnreadDirectory, held: number | undefined): string {
  const why = error === undefined ? 'the gateway has not given it yet.' : showableLine(error.message);
  const instead = held === undefined ? 'None was read before.' : `The one in use is of version ${held}.`;
  return `The directory of version ${version} could not be read: ${why} ${instead} Who was revoked or has new keys since is not known here.`;
}

/** The same for scripts. */
export function unreadObject(
  { version, error }: UnreadDirectory,
  held: number | undefined,
): Record<string, unknown> {
  return {
    ...{ type: 'directory-unread', version, held },
    ...(error === undefined ? {} : { code: error.code, message: error.message }),
  };
}
