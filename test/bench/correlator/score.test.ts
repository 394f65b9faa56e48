import { expect, it } from 'vitest';
import { score } from '../../../bench/correlator/score.ts';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import { eventOn, patternsOf } from '../../gateway/correlator/pattern-text.ts';

const hourMs = 3_600_000;
const text = (title: string, more: string): string =>
  `title: ${title}\ncorrelation: { type: event_count, rules: [a], timespan: 3d, condition: { gte: 2 } }\n${more}`;
const [prompt, waiting] = patternsOf({
  'prompt.yaml': text('Prompt', ''),
  'waiting.yaml': text('Waiting', 'absent: { rules: [b], within: 2d }\nlateness: 1d\n'),
});

const first = eventOn(0, 'a');
const last = eventOn(1, 'a', 'health/ae');
const events = [first, last];
const episode = { subjectKey: 'one', events: events.map(({ id }) => id), completedBy: last.id };
const truth = [
  { ...episode, pattern: 'prompt' },
  { ...episode, pattern: 'waiting' },
];

function raised(pattern: Alert['pattern'], hoursAfter: number): Alert {
  const firedAt = last.time + hoursAfter * hourMs;
  return {
    pattern,
    tier: 'same',
    level: 'consider',
    firedAt,
    completedAt: last.time,
    events,
    links: [],
    missing: [],
  };
}

const delaysOf = (alerts: readonly Alert[], arrived: number) => {
  const { found, secondsToAlert, secondsPastDeadline } = score(
    alerts,
    truth,
    [prompt!, waiting!],
    new Map([[last.id, arrived]]),
  );
  return { found, prompt: secondsToAlert.p95, waiting: secondsPastDeadline.p95 };
};

it('the time to an alert runs from the arrival, and where a pattern waits from the end of what it waits for', () => {
  const alerts = [raised(prompt!, 1), raised(prompt!, 5), raised(waiting!, 72)];
  expect(delaysOf(alerts, last.time)).toEqual({ found: 2, prompt: 3_600, waiting: 24 * 3_600 });
  // The completing notice came after all was over.
  expect(delaysOf([raised(waiting!, 72)], last.time + 71 * hourMs)).toEqual({
    found: 1,
    prompt: 0,
    waiting: 3_600,
  });
});

it('an alert that takes notices of two children for those of one is counted, although it finds an episode', () => {
  const other = eventOn(2, 'a', 'school/office');
  const nobodys = eventOn(3, 'a', 'housing/desk');
  const two = [...truth, { pattern: 'prompt', subjectKey: 'two', events: [other.id], completedBy: other.id }];
  const mixedOf = (more: Alert['events']): number =>
    score([{ ...raised(prompt!, 1), events: [...events, ...more] }], two, [prompt!, waiting!], new Map())
      .mixedAlerts;
  expect([mixedOf([]), mixedOf([nobodys]), mixedOf([other])]).toEqual([0, 0, 1]);
});
