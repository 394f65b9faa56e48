/** What keeps a server from listening, in words. */
import { CausewayError } from '../protocol/errors.ts';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen there; ports below 1024 are for privileged ones',
  EADDRNOTAVAIL: 'this computer has no such address',
  ENOTFOUND: 'there is no such address',
};

/**
 * Starts a server of a command.
 * @param start begins to listen
 * @throws CausewayError `configuration-invalid` where it cannot listen
 */
export async function startListening<T>(host: string, port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (cause) {
    const reason = reasons[(cause as NodeJS.ErrnoException).code ?? ''];
    if (reason === undefined) throw cause;
    throw new CausewayError('configuration-invalid', {
      detail: `It cannot listen on ${host}, port ${port}: ${reason}.`,
      cause,
    });
  }
}
