import { expect, it } from 'vitest';
import { refusedNotice } from '../../clients/cli/refused-notice.ts';
import { CausewayError, type ErrorCode } from '../../protocol/errors.ts';

it('a notice that its recipient’s new enrolment has overtaken is named, with what to do', () => {
  const cause = new CausewayError('recipient-keys-mismatch', { detail: 'Those are not the keys.' });
  expect(refusedNotice(cause, 'some-id')).toMatchObject({
    code: 'recipient-keys-mismatch',
    detail: 'Those are not the keys. It is the notice some-id.',
    advice: expect.stringMatching(
      /enrolled again\. Trust its new keys .* then send the notice again\.$/,
    ) as string,
    fields: { id: 'some-id' },
  });
  expect(refusedNotice(new CausewayError('envelope-malformed'), 'some-id')).toMatchObject({
    detail: 'It is the notice some-id.',
    advice: 'It was passed on to nobody: causeway status some-id',
  });
});

it('a word that is not agreed leads to a command that the user of an endpoint can run', () => {
  const adviceOf = (code: ErrorCode) => refusedNotice(new CausewayError(code), 'x').advice;
  expect(adviceOf('category-unknown')).toContain('`causeway dataset list`');
  expect(adviceOf('category-unknown')).not.toContain('policy show');
  // The agreement itself is the gateway's.
  expect(adviceOf('policy-denied')).toMatch(/operator of the gateway has it.*`causeway policy show FOLDER`/);
});
