/** An alert of the correlator, and the reminder of one, in words: what, about whom, why, and what to do by when. */
import { showableLine } from '../../terminal/paint.ts';
import { layOutTable, wrapText } from '../../terminal/table.ts';
import { minuteText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { describeTokenTypes } from '../../terminal/token-words.ts';
import type { Notice } from '../sdk/notice.ts';
import { answerLines } from './alert-answer.ts';
import { readAlert, readReminder, type AlertContent, type ReminderContent } from './alert-content.ts';

/** What only the reader's own home can tell. */
export type AlertReader = {
  /** As it is given to `--home`. */
  readonly home: string;
  readonly endpoint: string;
  /** How this home knows a notice of an agency; `undefined` where it does not. */
  readonly knows: (id: string, agency: string) => 'sent' | 'received' | undefined;
  /** How many further messages to this home are still to be shown, as far as is known; `undefined` where some may be. */
  readonly awaited: () => number | undefined;
};

const levels: Readonly<Record<string, string>> = {
  consider: 'consider (harm is one possible explanation)',
  suspect: 'suspect (there is serious reason to think of harm)',
};

/** What a name of the agreement says that its letters do not. */
const shortWords: Readonly<Record<string, string>> = { ae: 'A&E', ird: 'IRD', nhs: 'NHS' };

type Told = Pick<Notice, 'id' | 'from' | 'dataschema' | 'json' | 'envelope'>;

/** The lines of an alert or a reminder; `undefined` where a notice is neither. */
export function alertLines(notice: Told, reader: AlertReader, terminal: Terminal): string[] | undefined {
  const alert = readAlert(notice);
  if (alert !== undefined) return linesOfAlert(alert, notice, reader, terminal);
  return linesOfReminder(notice, reader, terminal);
}

function linesOfAlert(alert: AlertContent, notice: Told, reader: AlertReader, terminal: Terminal): string[] {
  const { pattern, events, links, missing, dispositionBy } = alert;
  const { paint } = terminal;
  const wrap = (text: string): string[] => wrapped(text, terminal);
  const numbers = new Map(events.map(({ id }, nth) => [id, String(nth + 1)]));
  const lines = [
    ...headingOf(alert, terminal),
    ...wrap(pattern.description),
    '',
    ...wrap(childWords(alert, reader)),
    ...layOutTable(
      events.map(({ id, agency, category, severity, time }, nth) => [
        `  ${nth + 1}`,
        minuteText(new Date(time)),
        `${categoryWords(category)} (${showableLine(severity)})`,
        agencyWords(agency),
        knownWords(id, agency, reader),
        paint.dim(showableLine(id)),
      ]),
    ),
    '',
    `Why they ${alert.tier === 'same' ? 'are thought to' : 'may'} speak of one child`,
    ...links.map(
      ({ event, to, tier, types }) =>
        `  ${numberOf(event, numbers)} and ${numberOf(to, numbers)}, ${tierWords(tier)}: ` +
        showableLine(describeTokenTypes(types).join(', ')),
    ),
    ...(missing.length === 0
      ? []
      : ['', ...wrap(`For the next level, any one of these is missing: ${missing.join('; ')}.`)]),
    ...(pattern.falsePositives.length === 0
      ? []
      : ['', 'It may also be', ...pattern.falsePositives.flatMap((text) => wrap(`- ${text}`))]),
    '',
    ...answerLines({
      reader,
      terminal,
      replyTo: notice.id,
      alertedTo: notice.envelope.to,
      by: minuteText(new Date(dispositionBy)),
    }),
  ];
  return lines.map(indented);
}

function linesOfReminder(notice: Told, reader: AlertReader, terminal: Terminal): string[] | undefined {
  const reminder = readReminder(notice);
  if (reminder === undefined) return undefined;
  const { alert, events, sentTo, dispositionBy } = reminder;
  const by = minuteText(new Date(dispositionBy));
  const lines = [
    ...headingOf(reminder, terminal),
    `Nobody has said in time what became of the alert ${showableLine(alert)}, which went to`,
    ...sentTo.map((address) => `  ${showableLine(address)}`),
    ...wrapped(childWords(reminder, reader), terminal),
    ...layOutTable(
      events.map(({ id, agency }, nth) => [
        `  ${nth + 1}`,
        agencyWords(agency),
        knownWords(id, agency, reader),
        terminal.paint.dim(showableLine(id)),
      ]),
    ),
    '',
    ...answerLines({ reader, terminal, replyTo: notice.id, alertedTo: sentTo, by }),
  ];
  return lines.map(indented);
}

function headingOf({ pattern, level, tier }: AlertContent | ReminderContent, { paint }: Terminal): string[] {
  return [
    paint.strong(`${showableLine(pattern.title)} (version ${pattern.version})`),
    `${levels[level] ?? showableLine(level)}, ${tierWords(tier)}`,
  ];
}

/** An alert names nobody: the child is found by the notices that the reader can open. */
function childWords({ events, tier }: AlertContent | ReminderContent, reader: AlertReader): string {
  const about = tier === 'same' ? 'About one child' : 'Possibly about one child';
  return `${about}, whom an alert does not name. ${whereWords(events, reader)}`;
}

function whereWords(
  events: readonly { readonly id: string; readonly agency: string }[],
  { knows, awaited }: AlertReader,
): string {
  const known = events.filter(({ id, agency }) => knows(id, agency) !== undefined).length;
  if (known > 0) {
    const which = known === events.length ? 'All' : known;
    return `${which} of these ${events.length} notices passed through this home and ${known === 1 ? 'says' : 'say'} who it is.`;
  }
  // What is immediate is delivered first, so an alert overtakes the notices that it speaks of.
  const toCome = awaited();
  if (toCome === undefined)
    return 'None of these notices is in this home yet, and they may be on the way to it: otherwise ask an agency below.';
  if (toCome === 0) return 'None of these notices is in this home: ask an agency below.';
  const what = toCome === 1 ? '1 message is' : `${toCome} messages are`;
  return `None of these notices is in this home yet: ${what} still on the way to it.`;
}

/** What an alert has overtaken may still come, and what does not concern this endpoint never will: nobody knows which. */
function knownWords(id: string, agency: string, { knows, awaited }: AlertReader): string {
  const known = knows(id, agency);
  if (known === undefined) return awaited() === 0 ? 'not in this home' : 'not in this home so far';
  return known === 'sent' ? 'sent from here' : 'received here';
}

function tierWords(tier: string): string {
  return tier === 'same' ? 'the same child' : 'possibly the same child';
}

/** `ae-attendance` → `A&E attendance`. */
function categoryWords(name: string): string {
  return wordsOf(name).join(' ');
}

/** `nhs-lanarkshire` → `NHS Lanarkshire`. */
function agencyWords(name: string): string {
  return wordsOf(name)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}

function wordsOf(name: string): string[] {
  return showableLine(name)
    .split('-')
    .map((word) => shortWords[word] ?? word);
}

function numberOf(id: string, numbers: ReadonlyMap<string, string>): string {
  return numbers.get(id) ?? showableLine(id);
}

const indent = '    ';

function wrapped(text: string, terminal: Terminal): string[] {
  return wrapText(showableLine(text), terminal.columns - indent.length);
}

function indented(line: string): string {
  return line === '' ? '' : indent + line;
}
