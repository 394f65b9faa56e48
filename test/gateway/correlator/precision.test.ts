import { describe, expect, it } from 'vitest';
import {
  readAlertRecord,
  readDispositionRecord,
  type AlertRecord,
  type Disposition,
  type DispositionRecord,
} from '../../../gateway/correlator/alert-record.ts';
import { measurePrecision } from '../../../gateway/correlator/precision.ts';
import { hourMs, messageId, noon } from '../store/synthetic-messages.ts';

function raised(number: number, changes: Partial<AlertRecord> = {}): AlertRecord {
  return {
    kind: 'alert.raised',
    message: messageId(number),
    pattern: 'p',
    version: 1,
    title: 'A pattern',
    level: 'suspect',
    tier: 'same',
    firedAt: noon,
    dispositionBy: noon + 24 * hourMs,
    events: [],
    sources: [],
    agencies: [],
    links: [],
    missing: [],
    ...changes,
  };
}

function answered(alert: number, disposition: Disposition, source = 'a/b'): DispositionRecord {
  return {
    kind: 'alert.disposed',
    message: messageId(1_000 + alert),
    alert: messageId(alert),
    disposition,
    source,
    acceptedAt: noon + hourMs,
  };
}

describe('the precision of a pattern', () => {
  it('is the part of its answered alerts that was right; what waits is open or overdue', () => {
    const alerts = [1, 2, 3, 4, 5].map((number) => raised(number));
    const late = raised(6, { dispositionBy: noon - 1 });
    const answers = [answered(1, 'acted'), answered(2, 'known'), answered(3, 'no-concern')];
    expect(measurePrecision([...alerts, late], answers, noon)).toEqual([
      {
        pattern: 'p',
        version: 1,
        title: 'A pattern',
        raised: 6,
        answers: { acted: 1, known: 1, 'not-this-child': 0, 'no-concern': 1 },
        open: 2,
        overdue: 1,
        precision: 2 / 3,
      },
    ]);
  });

  it('counts each alert once, by the weightiest of several answers, in any order', () => {
    const answers = [answered(1, 'not-this-child'), answered(1, 'acted', 'c/d'), answered(1, 'known', 'e/f')];
    for (const given of [answers, answers.toReversed()]) {
      const [figures] = measurePrecision([raised(1), raised(1)], given, noon);
      expect(figures).toMatchObject({ raised: 1, answers: { acted: 1, 'not-this-child': 0 }, precision: 1 });
    }
  });

  it('is kept apart by version, is unknown without an answer, and leaves out what was never sent', () => {
    const alerts = [raised(1), raised(2, { version: 2 }), raised(3, { version: 2, kind: 'alert.unsent' })];
    const figures = measurePrecision(alerts, [answered(2, 'no-concern')], noon);
    expect(figures.map(({ version, raised: count, precision }) => [version, count, precision])).toEqual([
      [1, 1, null],
      [2, 1, 0],
    ]);
  });
});

describe('a record of the log', () => {
  it('is an alert, an answer, or neither', () => {
    expect(readAlertRecord(raised(1))).toEqual(raised(1));
    expect(readAlertRecord(answered(1, 'acted'))).toBeUndefined();
    expect(readDispositionRecord(answered(1, 'acted'))).toEqual(answered(1, 'acted'));
    expect(readDispositionRecord({ ...answered(1, 'acted'), disposition: 'perhaps' })).toBeUndefined();
    // What is left of one that was erased.
    expect(readAlertRecord({ kind: 'alert.raised', at: noon })).toBeUndefined();
  });
});
