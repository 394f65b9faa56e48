/** Requests to a witness, over HTTP or HTTPS. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { WitnessResponse } from '../../protocol/proof/witness-protocol.ts';

/** A witness as the settings name it. */
export type WitnessSettings = {
  /** Its address, such as `https://witness.example/committee`. */
  readonly url: string;
  /** Its verifier key. */
  readonly key: string;
  /** The certificate of the CA that its TLS certificate comes from, PEM, where the system does not know it. */
  readonly ca?: string | undefined;
};

const maxAnswerBytes = 64 * 1024;

/**
 * Posts the body to a path below the address of a witness; without a body, it gets what is there.
 * @throws whatever the connection does; also when the answer is too large, or has not come when the signal says stop
 */
export async function askWitness(
  { url, ca }: WitnessSettings,
  path: string,
  { body, signal }: { readonly body?: string; readonly signal: AbortSignal },
): Promise<WitnessResponse> {
  const target = new URL(`${url.replace(/\/$/, '')}${path}`);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const method =
    body === undefined
      ? { method: 'GET' }
      : { method: 'POST', headers: { 'content-type': 'text/plain; charset=utf-8' } };
  return new Promise((resolve, reject) => {
    const request = send(target, { ...method, ca, signal }, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.byteLength;
        if (bytes > maxAnswerBytes) request.destroy(new Error('the answer is too large'));
        pieces.push(piece);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          body: Buffer.concat(pieces).toString('utf8'),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
