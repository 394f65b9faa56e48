/** The account of a period, in plain sentences or as one JSON object. */
import { agencyOf } from '../../protocol/ids.ts';
import { showableLine } from '../../terminal/paint.ts';
import { wrapText } from '../../terminal/table.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { leaves, type BetweenReport } from '../audit/between.ts';
import type { PeriodFindings, UnreadNotice, UnreadState } from '../audit/period-account.ts';
import type { LastCosigned } from './last-cosigned.ts';
import { isWitnessed, type NamedCheckpoint } from './named-checkpoint.ts';

export type BetweenWords = {
  /** The name of an agency in the sharing agreement. */
  agency(id: string): string;
  readonly witnesses: readonly LastCosigned[];
};

export function showBetween(
  from: NamedCheckpoint,
  to: NamedCheckpoint,
  report: BetweenReport,
  words: BetweenWords,
  terminal: Terminal,
): void {
  if (terminal.wantsJson) {
    terminal.json(objectOf(from, to, report, words));
    return;
  }
  const say = (text: string, indent = ''): void => {
    for (const line of wrapText(showableLine(text), terminal.columns - indent.length))
      terminal.print(indent + line);
  };
  say(`From ${checkpointWords(from)}`);
  say(`To ${checkpointWords(to)}`);
  const outcome = outcomeOf(from, to, report);
  if (outcome === 'unwitnessed') for (const witness of words.witnesses) say(witnessWords(witness));
  if (report.proven) sayFindings(report.findings, words, terminal, say);
  const verdict = verdictOf(from, to, report);
  const { good, bad, strong } = terminal.paint;
  const paint = { proven: good, unwitnessed: strong, 'not-proven': bad };
  terminal.print(`\n${paint[outcome](outcome.replace('-', ' '))}  ${showableLine(verdict)}`);
}

type Outcome = 'proven' | 'unwitnessed' | 'not-proven';

/** What is consistent is proven only where both ends were signed by somebody other than the gateway. */
function outcomeOf(from: NamedCheckpoint, to: NamedCheckpoint, report: BetweenReport): Outcome {
  if (!report.proven) return 'not-proven';
  return isWitnessed(from) && isWitnessed(to) ? 'proven' : 'unwitnessed';
}

type Say = (text: string, indent?: string) => void;

function sayFindings(findings: PeriodFindings, words: BetweenWords, terminal: Terminal, say: Say): void {
  const list = (title: string, sentences: readonly string[]): void => {
    terminal.print(`\n${terminal.paint.strong(title)}`);
    for (const sentence of sentences.length === 0 ? ['None.'] : sentences) say(sentence, '  ');
  };
  list('Gaps in what was sent', gapSentences(findings, words));
  list('Notices not read', unreadSentences(findings, words));
  list(
    'Silent agencies',
    findings.silent.map((id) => `Nothing was heard of ${words.agency(id)} in the period.`),
  );
  const tampered = tamperedSentences(findings);
  if (tampered.length > 0) list('Tampered with in the store', tampered);
}

function tamperedSentences({ changed, secretGone }: PeriodFindings): string[] {
  return [
    ...changed.map(
      (leaf) => `What leaf ${leaf} said is not what it is bound to, and was counted for nothing here.`,
    ),
    ...secretGone.map(
      (leaf) =>
        `What leaf ${leaf} said cannot be read: its secret is gone without an erasure on record. It was counted for nothing here.`,
    ),
  ];
}

function gapSentences(
  { gaps, recounts, missingBefore, erasedNotices }: PeriodFindings,
  words: BetweenWords,
): string[] {
  return [
    ...gaps.map(({ source, to, first, last }) => {
      const numbers = first === last ? `number ${first}` : `numbers ${first} to ${last}`;
      return `${party(source, words)} has counted more notices to ${party(to, words)} than the log knows: ${numbers} ${first === last ? 'is' : 'are'} missing.`;
    }),
    ...recounts.map(
      ({ source, to, leaf }) =>
        `${party(source, words)} began to count its notices to ${party(to, words)} anew at leaf ${leaf}: a device without its past, or two devices with one name.`,
    ),
    ...(missingBefore > 0
      ? [
          missingBefore === 1
            ? '1 number was missing before the period and still is.'
            : `${missingBefore} numbers were missing before the period and still are.`,
        ]
      : []),
    ...(erasedNotices > 0
      ? [
          `${count(erasedNotices, 'notice')} of cases that were erased: their numbers are not known any more, and may be among those missing.`,
        ]
      : []),
  ];
}

const states: Readonly<Record<UnreadState, string>> = {
  waiting: 'has not arrived',
  arrived: 'has arrived, but nobody has signed for it',
  expired: 'has expired without a receipt',
};

function unreadSentences({ unread, expiredBefore }: PeriodFindings, words: BetweenWords): string[] {
  return [
    ...unread.map((notice) => `${noticeWords(notice, words)} ${states[notice.state]} [leaf ${notice.leaf}].`),
    ...(expiredBefore > 0 ? [`${expiredBefore} had expired before the period.`] : []),
  ];
}

function noticeWords(
  { source, recipient, category, severity, message, acceptedAt }: UnreadNotice,
  words: BetweenWords,
): string {
  if (source === undefined || recipient === undefined) return 'A notice of a case that was erased since';
  return `The notice ${message ?? '?'} (${category ?? '?'}, ${severity ?? '?'}) of ${party(source, words)} to ${party(recipient, words)}, accepted ${shownTime(acceptedAt)},`;
}

/** `NHS Lanarkshire (emergency department)` */
function party(address: string, words: BetweenWords): string {
  const [, name = ''] = address.split('/');
  const desk = name.startsWith('@') ? `everybody with the role ${name.slice(1)}` : name.replaceAll('-', ' ');
  return `${words.agency(agencyOf(address))} (${desk})`;
}

function checkpointWords({ size, signed, keptAt, readAt, cosignatures }: NamedCheckpoint): string {
  if (size === 0) return 'the beginning of the log, before its first leaf.';
  if (!signed) return `the first ${leaves(size)}, of which no checkpoint was kept: nobody signed just these.`;
  const newest = readAt === undefined ? '' : `, the newest as of ${shownTime(readAt)}`;
  const kept = keptAt === undefined ? newest : `, kept ${shownTime(keptAt)}`;
  const by = cosignatures.map(({ name, timeSeconds }) => `${name} (${shownTime(timeSeconds * 1000)})`);
  const cosigned =
    by.length === 0 ? 'no witness in gateway.yaml has cosigned it' : `cosigned by ${by.join(' and ')}`;
  return `the checkpoint of ${leaves(size)}${kept}; ${cosigned}.`;
}

function witnessWords({ name, last }: LastCosigned): string {
  return last === undefined
    ? `${name} has cosigned nothing of what is kept here.`
    : `${name} cosigned last on ${shownTime(last.timeSeconds * 1000)}, the checkpoint of ${leaves(last.size)}.`;
}

function verdictOf(from: NamedCheckpoint, to: NamedCheckpoint, report: BetweenReport): string {
  if (!report.proven) return report.why;
  const { gaps, unread, silent, changed, secretGone } = report.findings;
  const tampered = changed.length + secretGone.length;
  const parts = [
    count(gaps.length, 'gap'),
    count(unread.length, 'unread notice'),
    silentWords(silent.length),
    ...(tampered > 0 ? [`and what ${leaves(tampered)} stood for was tampered with in the store`] : []),
  ];
  const whole =
    from.size === 0
      ? `the log has all its ${leaves(to.size)}, from the first one on`
      : `the log of ${leaves(to.size)} begins with all ${from.size} of the earlier one`;
  const rest = `${whole}. ${parts.join(', ')}.`;
  if (isWitnessed(from) && isWitnessed(to))
    return `Nothing was removed from the log or changed in it: ${rest}`;
  const which = [from, to].every((end) => !isWitnessed(end))
    ? 'either checkpoint'
    : `the ${isWitnessed(from) ? 'later' : 'earlier'} checkpoint`;
  return `Consistent, but by the word of the gateway alone: no witness in gateway.yaml has cosigned ${which}, so nobody else says that the log was not another one then. By what the gateway shows now, ${rest}`;
}

function silentWords(length: number): string {
  return length === 1 ? '1 silent agency' : `${length} silent agencies`;
}

function count(length: number, what: string): string {
  return `${length} ${what}${length === 1 ? '' : 's'}`;
}

function objectOf(
  from: NamedCheckpoint,
  to: NamedCheckpoint,
  report: BetweenReport,
  words: BetweenWords,
): object {
  const outcome = outcomeOf(from, to, report);
  const heads = { from: headObject(from), to: headObject(to) };
  const base = { type: 'between', ...heads, outcome, proven: outcome === 'proven' };
  const verdict = verdictOf(from, to, report);
  if (!report.proven) return { ...base, verdict };
  const { unread, silent, ...rest } = report.findings;
  return {
    ...base,
    proof: report.path.map((hash) => hash.toString('base64')),
    ...rest,
    ...(outcome === 'unwitnessed' && { witnesses: words.witnesses.map(witnessObject) }),
    unread: unread.map((notice) => ({ ...notice, acceptedAt: timeOf(notice.acceptedAt) })),
    silent: silent.map((id) => ({ agency: id, name: words.agency(id) })),
    verdict,
  };
}

function witnessObject({ name, last }: LastCosigned): object {
  const lastCosigned = last === undefined ? null : { size: last.size, at: timeOf(last.timeSeconds * 1000) };
  return { name, lastCosigned };
}

function headObject({ size, root, signed, keptAt, readAt, cosignatures }: NamedCheckpoint): object {
  return {
    ...{ size, root: root.toString('base64'), signed, keptAt: keptAt === undefined ? null : timeOf(keptAt) },
    ...(readAt !== undefined && { readAt: timeOf(readAt) }),
    cosignatures: cosignatures.map(({ name, timeSeconds }) => ({ name, at: timeOf(timeSeconds * 1000) })),
  };
}

function shownTime(ms: number): string {
  return Number.isNaN(new Date(ms).getTime()) ? 'at an impossible time' : timeText(ms);
}

function timeOf(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? 'at an impossible time' : time.toISOString();
}
