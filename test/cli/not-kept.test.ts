import { describe, expect, it } from 'vitest';
import { notKept } from '../../clients/cli/not-kept.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';

describe('an error before a notice was in the outbox', () => {
  it('that may pass says that the notice is to be sent again, since its exit code is that of a notice which waits', () => {
    const away = new CausewayError('linkage-holder-unavailable', { detail: 'It cannot be reached.' });
    const told = notKept(away) as AdvisedError;
    expect(told).toBeInstanceOf(AdvisedError);
    expect(told).toMatchObject({ code: away.code, detail: away.detail, fields: { queued: false } });
    expect(told.advice).toMatch(/not in the outbox\. Send it again\. .* without --subjects/);
  });

  it('for want of a linkage key says that nothing was sent, and the two ways out', () => {
    const told = notKept(new CausewayError('linkage-key-missing')) as AdvisedError;
    expect(told).toMatchObject({ detail: 'The notice was not sent, and is not in the outbox.' });
    expect(told.advice).toMatch(/causeway linkage key import`.*without --subjects/);
  });

  it('that may pass keeps the advice for its code', () => {
    const told = notKept(new CausewayError('gateway-unreachable')) as AdvisedError;
    expect(told.advice).toMatch(/^Check the address and the network.* Send it again\.$/);
  });

  it('for a key that the log does not show yet says what to do where that lasts', () => {
    const told = notKept(new CausewayError('key-unproven')) as AdvisedError;
    expect(told.advice).toMatch(/Send it again\. If it stays so, run `causeway status`.* the Committee\.$/);
  });

  it('names the file that is too large once it is encrypted', () => {
    const large = new CausewayError('payload-too-large', { detail: 'The limit is 9 bytes.' });
    expect(notKept(large, 'report.pdf')).toMatchObject({
      code: 'payload-too-large',
      detail: 'report.pdf is, once it is encrypted. The limit is 9 bytes.',
    });
    expect(notKept(large, '-')).toMatchObject({
      detail: 'The document on standard input is, once it is encrypted. The limit is 9 bytes.',
    });
    expect(notKept(large)).toBe(large);
  });

  it('stays as it is where trying again does not help, where it was ended, and where it knows better', () => {
    const others = [
      new CausewayError('policy-denied'),
      new CausewayError('aborted'),
      new AdvisedError('gateway-unreachable', { detail: '', advice: 'Wait.' }),
      new TypeError('x'),
    ];
    for (const error of others) expect(notKept(error)).toBe(error);
  });
});
