/** A client that speaks no TLS newer than 1.2. */
import { once } from 'node:events';
import { connect } from 'node:tls';

/** @returns the code of the error with which the server turns it away; undefined where it is let in */
export async function refusalOfOldTls(url: string): Promise<string | undefined> {
  const port = Number(new URL(url).port);
  const socket = connect({ host: '127.0.0.1', port, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}

/** The code by which such a client knows that the other side wants a newer version. */
export const versionRefused = 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION';
