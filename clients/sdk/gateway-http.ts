/** Reads from the gateway over HTTPS with the endpoint's certificate: directory and data sets. */
import { request } from 'node:https';
import { CausewayError } from '../../protocol/errors.ts';
import { connectionError, problemError } from './connection-error.ts';
import type { LinkTls } from './link-socket.ts';

const timeoutMs = 15_000;
const maxBodyBytes = 64 * 1024 * 1024;

/**
 * Gets a path below the gateway's address; the body is JSON.
 * @throws CausewayError `gateway-unreachable`, `gateway-untrusted`, or what the gateway answered
 */
export async function getJson(
  origin: string,
  path: string,
  tls: LinkTls,
  signal?: AbortSignal,
): Promise<unknown> {
  const { status, body } = await get(new URL(path, origin), tls, signal).catch((cause: unknown) => {
    throw connectionError(cause);
  });
  if (status !== 200) throw problemError(status, body);
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new CausewayError('gateway-unreachable', { detail: 'Its answer is not JSON.', cause });
  }
}

function get(url: URL, tls: LinkTls, signal?: AbortSignal): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        ...tls,
        minVersion: 'TLSv1.3',
        agent: false,
        timeout: timeoutMs,
        headers: { accept: 'application/json' },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (bytes > maxBodyBytes) response.destroy(new CausewayError('request-too-large'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(new CausewayError('gateway-unreachable', { detail: 'No answer came in time.' })),
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}
