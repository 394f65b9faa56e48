import { expect, test } from 'vitest';
import { asFrameError } from '../../../gateway/socket/frame-error.ts';

const broken = (code: string): Error => Object.assign(new RangeError('of the library'), { code });

test.each([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'frame-too-large'],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 'rate-limited'],
  ['WS_ERR_INVALID_OPCODE', 'frame-malformed'],
])('%s is told as %s', (code, expected) => {
  const error = broken(code);
  expect(asFrameError(error)).toMatchObject({ code: expected, cause: error });
});

test('what the library does not name is left as it is', () => {
  const error = broken('ECONNRESET');
  expect(asFrameError(error)).toBe(error);
});
