/** Errors below the protocol: what the WebSocket library says of a broken frame. */
import { CausewayError } from '../../protocol/errors.ts';

/** What `ws` says of a broken frame, in the protocol's own words. */
export function asFrameError(error: Error): Error {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
    return new CausewayError('frame-too-large', { cause: error });
  // A flood of tiny frames or fragments that came at once, before any of them could be counted.
  if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return new CausewayError('rate-limited', { cause: error });
  return code.startsWith('WS_ERR_') ? new CausewayError('frame-malformed', { cause: error }) : error;
}
