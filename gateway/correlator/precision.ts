/** How often a pattern was right, by what people made of its alerts. */
import { dispositions, type AlertRecord, type Disposition, type DispositionRecord } from './alert-record.ts';

/** The figures of one version of a pattern. */
export type Precision = {
  readonly pattern: string;
  readonly version: number;
  readonly title: string;
  readonly raised: number;
  /** Alerts by what was said of them. Where several people answered, the first of `dispositions` that anyone chose. */
  readonly answers: Readonly<Record<Disposition, number>>;
  /** Alerts without an answer whose time has passed, and those that still have time. */
  readonly overdue: number;
  readonly open: number;
  /** Of the alerts that were answered, the part that was right (`acted`, `known`); `null` where none was. */
  readonly precision: number | null;
};

type Count = { readonly record: AlertRecord; readonly said: Disposition | undefined };

/** @param now ms since 1970 */
export function measurePrecision(
  alerts: readonly AlertRecord[],
  answers: readonly DispositionRecord[],
  now: number,
): readonly Precision[] {
  const said = new Map<string, Disposition>();
  for (const { alert, disposition } of answers) said.set(alert, weightier(said.get(alert), disposition));
  const byVersion = new Map<string, Map<string, Count>>();
  for (const record of alerts) {
    if (record.kind !== 'alert.raised') continue;
    const key = `${record.pattern}@${record.version}`;
    const counts = byVersion.get(key) ?? new Map<string, Count>();
    byVersion.set(key, counts.set(record.message, { record, said: said.get(record.message) }));
  }
  return [...byVersion.values()]
    .map((counts) => precisionOf([...counts.values()], now))
    .sort((a, b) => a.title.localeCompare(b.title, 'en') || a.version - b.version);
}

function precisionOf(counts: readonly Count[], now: number): Precision {
  const [first] = counts;
  if (first === undefined) throw new RangeError('a pattern without alerts');
  const { pattern, version, title } = first.record;
  const number = (wanted: Disposition): number => counts.filter((one) => one.said === wanted).length;
  const answers = {
    acted: number('acted'),
    known: number('known'),
    'not-this-child': number('not-this-child'),
    'no-concern': number('no-concern'),
  };
  const unanswered = counts.filter((one) => one.said === undefined);
  const overdue = unanswered.filter(({ record }) => record.dispositionBy < now).length;
  const answered = counts.length - unanswered.length;
  return {
    pattern,
    version,
    title,
    raised: counts.length,
    answers,
    overdue,
    open: unanswered.length - overdue,
    precision: answered === 0 ? null : (answers.acted + answers.known) / answered,
  };
}

function weightier(a: Disposition | undefined, b: Disposition): Disposition {
  return a !== undefined && dispositions.indexOf(a) < dispositions.indexOf(b) ? a : b;
}
