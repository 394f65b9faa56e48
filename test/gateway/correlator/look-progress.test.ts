import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { LookProgress } from '../../../gateway/correlator/look-progress.ts';
import { CausewayError } from '../../../protocol/errors.ts';

const dayMs = 86_400_000;
const start = 1_000 * dayMs;
let now: number;
let said: Record<string, unknown>[];
let progress: LookProgress;

beforeEach(() => {
  now = start;
  said = [];
  const log = pino(
    {},
    { write: (line: string) => void said.push(JSON.parse(line) as Record<string, unknown>) },
  );
  progress = new LookProgress(() => now, log);
});

/** A portion of a thousand notices that arrived within a day, so many days ago. */
const read = (daysAgo: number): void =>
  progress.read({ notices: 1_000, from: start - daysAgo * dayMs, to: start - (daysAgo - 1) * dayMs });

describe('the first look', () => {
  it('tells how much of history it has read, by times of arrival, until it knows all of it', () => {
    expect(progress.state).toEqual({ is: 'waiting' });
    progress.begin();
    expect(progress.state).toEqual({ is: 'reading', part: 0 });
    read(100);
    read(26);
    expect(progress.state).toEqual({ is: 'reading', part: 0.75 });
    progress.end('looked');
    expect(progress.state).toEqual({ is: 'current' });
    expect(said).toEqual([]);
  });

  it('says in the log every ten seconds how far it is, and when it has come to the end', () => {
    progress.begin();
    for (let portion = 0; portion < 25; portion += 1) {
      now += 1_000;
      read(100 - portion);
    }
    progress.end('looked');
    expect(said.map(({ msg, notices, seconds }) => [msg, notices, seconds])).toEqual([
      ['the correlator reads history', 10_000, 10],
      ['the correlator reads history', 20_000, 20],
      ['the correlator has read history', 25_000, 25],
    ]);
  });

  it('has another gateway wait for its turn', () => {
    progress.begin();
    progress.end('not-its-turn');
    expect(progress.state).toEqual({ is: 'waiting' });
  });
});

describe('a later look', () => {
  beforeEach(() => {
    progress.begin();
    progress.end('looked');
    progress.begin();
  });

  it('changes nothing while it is short, and tells how far it is once it takes long', () => {
    expect(progress.state).toEqual({ is: 'current' });
    now += 10_000;
    expect(progress.state).toMatchObject({ is: 'reading' });
  });

  it('that fails is told of until one succeeds', () => {
    progress.end({ error: new CausewayError('store-unavailable') });
    expect(progress.state).toEqual({ is: 'failing', code: 'store-unavailable' });
    progress.begin();
    progress.end({ error: new Error('unforeseen') });
    expect(progress.state).toEqual({ is: 'failing', code: 'internal-error' });
    progress.begin();
    progress.end('looked');
    expect(progress.state).toEqual({ is: 'current' });
  });

  it('that leaves alerts stuck says so until one does not', () => {
    progress.end('stuck');
    expect(progress.state).toEqual({ is: 'stuck' });
    progress.begin();
    progress.end('looked');
    expect(progress.state).toEqual({ is: 'current' });
  });

  it('that fails is forgotten once another gateway has the turn', () => {
    progress.end({ error: new CausewayError('lease-lost') });
    progress.begin();
    progress.end('not-its-turn');
    expect(progress.state).toEqual({ is: 'waiting' });
  });

  it('that is another gateway’s leaves this one with what it knows', () => {
    progress.end('not-its-turn');
    expect(progress.state).toEqual({ is: 'current' });
  });
});
