/** What keeps a server from listening, in words. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CausewayError } from '../protocol/errors.ts';
import { AdvisedError } from './advised-error.ts';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen there; ports below 1024 are for privileged ones',
  EADDRNOTAVAIL: 'this computer has no such address',
  ENOTFOUND: 'there is no such address',
  EAI_AGAIN: 'its name cannot be looked up at present',
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
    const detail = `It cannot listen on ${host}, port ${port}: ${reason}.`;
    throw isPortTaken(cause)
      ? new AdvisedError('configuration-invalid', { detail, advice: portTakenAdvice, cause })
      : new CausewayError('configuration-invalid', { detail, cause });
  }
}

/** Whether what kept a server from listening is another program at its port. */
export function isPortTaken(cause: unknown): boolean {
  return cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
}

export const portTakenAdvice = 'Stop that program, or name another port with --port.';

/**
 * Looks a name to listen on up, before it is written down. What cannot be looked up at present is let pass.
 * @throws CausewayError `configuration-invalid` where nothing has that name
 */
export async function requireListenName(
  host: string,
  look: (name: string) => Promise<unknown> = lookup,
): Promise<void> {
  if (isIP(host) !== 0) return;
  await look(host).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOTFOUND') return;
    throw new CausewayError('configuration-invalid', {
      detail: `It cannot listen on ${host}: there is no such address. Name one of this machine, such as 127.0.0.1 or 0.0.0.0.`,
      cause,
    });
  });
}
