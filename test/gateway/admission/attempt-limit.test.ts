import { describe, expect, it } from 'vitest';
import { AttemptLimit } from '../../../gateway/admission/attempt-limit.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const limited = expect.objectContaining({ code: 'rate-limited' }) as unknown;

describe('a limit of attempts', () => {
  it('refuses what is too much within its time, of that peer alone, and begins anew afterwards', () => {
    let now = 0;
    const limit = new AttemptLimit(2, minuteMs, () => now);
    limit.take('one');
    limit.take('one');
    expect(() => limit.take('one')).toThrow(limited);
    limit.take('another');
    now = minuteMs;
    limit.take('one');
    limit.check('one');
  });

  it('keeps nobody out for longer when the clock is set back', () => {
    let now = dayMs;
    const limit = new AttemptLimit(2, minuteMs, () => now);
    limit.add('one', 3);
    expect(() => limit.check('one')).toThrow(limited);
    now = 0;
    limit.check('one');
    limit.add('one', 2);
    expect(() => limit.take('one')).toThrow(limited);
  });
});
