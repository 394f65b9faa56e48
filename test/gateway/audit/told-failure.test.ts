import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { toldFailure } from '../../../gateway/audit/told-failure.ts';
import { CausewayError } from '../../../protocol/errors.ts';

/** What writing a byte to a full device throws. */
function fullDisk(): unknown {
  try {
    writeFileSync('/dev/full', 'x');
  } catch (error) {
    return error;
  }
  throw new Error('the device has room');
}

test('a full disk under the published log is told as what it is, without a path', () => {
  expect(toldFailure(fullDisk())).toEqual({
    code: 'store-unavailable',
    detail: 'A file of the published log: no space left on device (ENOSPC, write).',
  });
});

test('an error of ours keeps its code, and what nobody foresaw is internal', () => {
  const forked = new CausewayError('log-forked', { detail: 'Other leaves.' });
  expect(toldFailure(forked)).toEqual({ code: 'log-forked', detail: 'Other leaves.' });
  expect(toldFailure(new Error('tile 0/1 is missing'))).toEqual({
    code: 'internal-error',
    detail: 'Error: tile 0/1 is missing',
  });
});
