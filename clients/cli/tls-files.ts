/** The key and the certificate of a server, as files of whoever runs it. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { CausewayError } from '../../protocol/errors.ts';
import { readInput, usageError } from '../../terminal/input.ts';

/** Of each, PEM. */
export type TlsFiles = { readonly key: string; readonly cert: string };

/** A chain of certificates has a few thousand bytes each. */
const maxBytes = 64 * 1024;
const nothing = (async function* (): AsyncGenerator<Buffer> {})();

/**
 * Reads both and makes sure that they belong together: a server would listen with others all the same, and refuse everybody.
 * @throws CausewayError `usage-invalid`, which names the file
 */
export async function readTlsFiles(keyFile: string, certificateFile: string): Promise<TlsFiles> {
  const key = (await readInput(keyFile, nothing, maxBytes)).toString('utf8');
  const cert = (await readInput(certificateFile, nothing, maxBytes)).toString('utf8');
  const [privateKey, certificate] = [readKey(key), readCertificate(cert)];
  if (privateKey === undefined && certificate === undefined && readKey(cert) && readCertificate(key)) {
    throw usageError(
      `--tls-key and --tls-certificate are in each other's place: ${keyFile} is the certificate, and ${certificateFile} the key.`,
    );
  }
  if (privateKey === undefined) throw unusableKey(keyFile, key);
  if (certificate === undefined) {
    throw usageError(`${certificateFile} of --tls-certificate holds no certificate in PEM.`);
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw usageError(
      `The certificate in ${certificateFile} is not for the key in ${keyFile}. The certificate of the server comes first in its file.`,
    );
  }
  return { key, cert };
}

function unusableKey(file: string, pem: string): CausewayError {
  return usageError(
    pem.includes('ENCRYPTED')
      ? `The key in ${file} is protected by a passphrase, which nobody could type here. Name a file with the bare key, for its owner only.`
      : `${file} of --tls-key holds no private key in PEM.`,
  );
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // The words of the library would name neither the file nor what to do.
    return undefined;
  }
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
