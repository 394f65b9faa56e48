/** The published log of an exchange, read as a stranger would: over HTTPS, without a client certificate. */
import { request } from 'node:https';
import type { Exchange } from './exchange.ts';

export type Reply = { readonly status: number; readonly body: Buffer; readonly cache: string | undefined };

export async function getPublished(exchange: Exchange, path: string): Promise<Reply> {
  const { port } = new URL(exchange.url);
  const ca = exchange.home.authority.certificatePem;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, ca, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, body: Buffer.concat(pieces), cache: headers['cache-control'] });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
