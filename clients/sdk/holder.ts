/** Names for the clients that share a home, so that one can tell whether another still lives. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** A name for a client of this process. */
export function newHolder(): string {
  return `${process.pid}.${randomBytes(6).toString('hex')}.${hostname()}`;
}

/** Clients of this process that are open; others of the same process id are left-overs. */
const openHere = new Set<string>();

/** Notes that the client with this name is open in this process. @returns what to call when it is closed */
export function claimHolder(holder: string): () => void {
  openHere.add(holder);
  return () => openHere.delete(holder);
}

/** False when the client that bore this name has certainly ended. On another machine, nothing is certain. */
export function isHolderAlive(holder: string): boolean {
  const [pidText = '', , ...host] = holder.split('.');
  if (host.join('.') !== hostname()) return true;
  const pid = Number(pidText);
  if (pid === process.pid) return openHere.has(holder);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}
