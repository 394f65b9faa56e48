/** The key and the certificate of a server, as files of whoever runs it. */
import { Readable } from 'node:stream';
import { describeTlsFault } from '../../files/tls-pair.ts';
import { readInput, usageError } from '../../terminal/input.ts';
import { decodeInput } from '../../terminal/utf8-text.ts';

/** Of each, PEM. */
export type TlsFiles = { readonly key: string; readonly cert: string };

/** A chain of certificates has a few thousand bytes each. */
const maxBytes = 64 * 1024;

/**
 * Reads both and makes sure that they belong together.
 * @throws CausewayError `usage-invalid`, which names the file; `payload-too-large`
 */
export async function readTlsFiles(keyFile: string, certificateFile: string): Promise<TlsFiles> {
  const key = await readPem(keyFile);
  const cert = await readPem(certificateFile);
  const fault = describeTlsFault({ pem: key, name: keyFile }, { pem: cert, name: certificateFile });
  if (fault !== undefined) throw usageError(fault);
  return { key, cert };
}

async function readPem(file: string): Promise<string> {
  if (file === '-') throw usageError('The key and the certificate of a server are files: name their paths.');
  return decodeInput(file, await readInput(file, Readable.from([]), maxBytes), 'It has to be PEM.');
}
