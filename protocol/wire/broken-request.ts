/** The answer to what cannot be read as HTTP, for servers of either side: in the words of the catalogue all the same. */
import { CausewayError } from '../errors.ts';
import { problemContentType, problemDetails } from './problem-details.ts';

const tooLong = new Set(['HPE_HEADER_OVERFLOW', 'HPE_CHUNK_EXTENSIONS_OVERFLOW']);

/** Of a connection that speaks HTTP, if badly. All else comes from TLS, which is then not there to carry an answer. */
const ofHttp = /^(?:HPE|ERR_HTTP)_/;

export type BrokenRequest = {
  readonly error: CausewayError;
  /**
   * The whole response, after which the connection ends. Undefined where nobody can be answered: a response would wait
   * for the handshake for ever, and the connection with it, also when its peer is gone.
   */
  readonly response: string | undefined;
};

/** @param cause as a server's `clientError` gives it */
export function judgeBrokenRequest(cause: NodeJS.ErrnoException): BrokenRequest {
  const { code = '' } = cause;
  const error = new CausewayError(tooLong.has(code) ? 'request-too-large' : 'request-malformed', { cause });
  if (!ofHttp.test(code)) return { error, response: undefined };
  const body = JSON.stringify(problemDetails(error));
  const head = [
    `HTTP/1.1 ${error.meaning.httpStatus} ${error.code}`,
    `content-type: ${problemContentType}; charset=utf-8`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return { error, response: `${head.join('\r\n')}\r\n\r\n${body}` };
}
