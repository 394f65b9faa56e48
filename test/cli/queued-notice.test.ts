import { expect, it } from 'vitest';
import { endOfHome, queuedNotice } from '../../clients/cli/queued-notice.ts';
import { catalogue, CausewayError, errorCodes, type ErrorCode } from '../../protocol/errors.ts';
import { exitCodeFor } from '../../terminal/exit-codes.ts';
import { failureObject } from '../../terminal/describe-failure.ts';

it('a notice that stays in the outbox never ends a command like a wrong one, whatever the gateway said', () => {
  const left = errorCodes.map((code) => queuedNotice(new CausewayError(code), 'some-id'));
  const queued = left.filter((error) => failureObject(error).queued === true);
  expect(queued.length).toBeGreaterThan(50);
  for (const error of queued) {
    const expected = catalogue[error.code].retryable ? [3, 130] : [1, 3];
    expect(expected, error.code).toContain(exitCodeFor(error));
  }
});

it.each<[ErrorCode, number, boolean]>([
  ['frame-malformed', 3, true],
  ['frame-unexpected', 3, true],
  ['gateway-unreachable', 3, true],
  ['gateway-untrusted', 1, true],
  ['log-halted', 1, true],
  ['endpoint-revoked', 1, false],
])('of a notice that %s keeps, the exit code is %i', (code, exitCode, isQueued) => {
  const error = queuedNotice(new CausewayError(code), 'some-id');
  expect(exitCodeFor(error)).toBe(exitCode);
  expect(failureObject(error)).toMatchObject({ code, id: 'some-id', queued: isQueued, retryable: false });
});

it('a home that is turned away for good says what else waits there', () => {
  const told = (waiting: number) =>
    endOfHome({ lastError: new CausewayError('endpoint-revoked') }, waiting)?.detail;
  expect(told(0)).toBe('The notice was not sent, and is not in the outbox.');
  expect(told(2)).toMatch(/outbox\. What waits there \(2\) cannot go out from this home any more\.$/);
  expect(endOfHome({ lastError: new CausewayError('gateway-unreachable') }, 2)).toBeUndefined();
});
