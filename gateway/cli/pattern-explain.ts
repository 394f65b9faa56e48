/** `causeway pattern explain`: an alert with its evidence, what ties it, who got it and what they made of it. */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { agencyOf, correlatorAddress } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { minuteText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { describeTokenTypes } from '../../terminal/token-words.ts';
import type { AlertRecord, DispositionRecord } from '../correlator/alert-record.ts';
import type { MessageState } from '../store/port.ts';
import { readKeptEnvelope } from '../store/kept-envelope.ts';
import { readAnswersToCome, tellAnswersToCome, type AnswersToCome } from './answers-to-come.ts';
import { readAudit, type AuditReading } from './audit-reading.ts';
import { timeOf } from './alert-text.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';
import { notAnAlert } from './pattern-mistaken.ts';
import { messageId, readAlertLeaves } from './pattern-reading.ts';

/** All that is known of an alert. */
type Account = {
  readonly alert: AlertRecord;
  readonly notices: readonly {
    readonly id: string;
    readonly agency: string;
    /** `null` where the notice was erased. */
    readonly category: string | null;
    readonly severity: string | null;
    readonly time: string | null;
  }[];
  readonly deliveries: MessageState['deliveries'];
  /** Sent when nobody had answered in time. */
  readonly reminder: MessageState | undefined;
  readonly answers: readonly DispositionRecord[];
  /** How many came since the correlator's last look, of as many as were looked at. */
  readonly toCome: { readonly answers: number } & Pick<AnswersToCome, 'areAll'>;
};

export function registerPatternExplain(pattern: ProgramCommand, terminal: Terminal): void {
  pattern
    .command('explain')
    .summary('show why an alert was raised, who got it and what they made of it')
    .description(
      'Shows the pattern with its version, the notices with their agencies and times, the kinds of token that tie\n' +
        'them, what was missing for the next level, who got the alert, and their answers. Content is not known here.\n' +
        'The reading is recorded first.',
    )
    .argument('<alert>', "the alert's id", messageId)
    .option(...dirOption)
    .examples(['causeway pattern explain 01a20f42-46e2-70a2-9a5b-78dc6ab3799c', ''])
    .action((id: MessageId, flags: GatewayFlags) =>
      readAudit(flags, { kind: 'audit.alert', alert: id }, terminal, async (reading) => {
        const account = await readAccount(id, reading, terminal);
        if (terminal.wantsJson) terminal.json(accountObject(account));
        else tell(account, terminal);
      }),
    );
}

async function readAccount(id: MessageId, reading: AuditReading, terminal: Terminal): Promise<Account> {
  const { alerts, answers } = await readAlertLeaves(reading, terminal);
  const alert = alerts.findLast(({ message }) => message === id);
  if (alert === undefined) throw await notAnAlert(reading.store, id);
  const notices: Account['notices'][number][] = [];
  for (const [nth, event] of alert.events.entries()) {
    const source = alert.sources[nth] ?? '';
    const envelope = await readKeptEnvelope(reading.store, event, source as EndpointAddress);
    const { category = null, severity = null, time = null } = envelope ?? {};
    notices.push({ id: event, agency: agencyOf(source), category, severity, time });
  }
  const sent = await reading.store.readMessage(correlatorAddress, id);
  const { counts, areAll } = await readAnswersToCome(reading.store, answers);
  return {
    alert,
    notices,
    deliveries: sent?.deliveries ?? [],
    reminder: await readReminder(id, reading),
    answers: answers.filter((answer) => answer.alert === id),
    toCome: { answers: counts.get(id) ?? 0, areAll },
  };
}

async function readReminder(id: MessageId, { store }: AuditReading): Promise<MessageState | undefined> {
  const { alertIds, reminderIdOf } = await import('../correlator/alert-document.ts');
  for (const one of alertIds(reminderIdOf(id))) {
    const message = await store.readMessage(correlatorAddress, one);
    if (message !== undefined) return message;
  }
  return undefined;
}

function accountObject({ alert, notices, deliveries, reminder, answers, toCome }: Account): object {
  const { message, pattern, version, title, level, tier, links, missing } = alert;
  return {
    type: 'alert',
    alert: message,
    sent: alert.kind === 'alert.raised',
    ...(alert.kind === 'alert.unsent' ? { code: alert.code, tries: alert.tries } : {}),
    pattern,
    version,
    title,
    level,
    tier,
    raisedAt: timeOf(alert.firedAt),
    dispositionBy: timeOf(alert.dispositionBy),
    events: notices,
    links,
    missing,
    recipients: deliveries.map(({ recipient, state }) => ({ recipient, state })),
    reminder:
      reminder === undefined
        ? null
        : {
            id: reminder.id,
            at: timeOf(reminder.acceptedAt),
            recipients: reminder.deliveries.map(({ recipient, state }) => ({ recipient, state })),
          },
    dispositions: answers.map(({ message: answer, source, disposition, acceptedAt }) => ({
      answer,
      source,
      disposition,
      at: timeOf(acceptedAt),
    })),
    answersToCome: toCome,
  };
}

function tell({ alert, notices, deliveries, reminder, answers, toCome }: Account, terminal: Terminal): void {
  const { paint } = terminal;
  const child = alert.tier === 'same' ? 'the same child' : 'possibly the same child';
  terminal.print(paint.strong(`${alert.title} (version ${alert.version})`));
  terminal.print(`${alert.level}, ${child}, raised ${minuteText(alert.firedAt)}\n`);
  terminal.table(
    notices.map(({ id, agency, category, severity, time }) => [
      `  ${time === null ? 'erased' : minuteText(Date.parse(time))}`,
      category === null ? '' : `${category} (${severity ?? '?'})`,
      agency,
      paint.dim(id),
    ]),
  );
  terminal.print('\nTied by');
  for (const { event, to, tier, types } of alert.links) {
    terminal.print(`  ${event} to ${to} (${tier}): ${describeTokenTypes(types).join(', ')}`);
  }
  const { missing } = alert;
  if (missing.length > 0) terminal.print(`\nFor the next level: ${missing.join(', or ')}`);
  terminal.print('\nSent to');
  terminal.table(deliveries.map(({ recipient, state }) => [`  ${recipient}`, state]));
  if (alert.kind === 'alert.unsent') terminal.print(paint.warn(`  nobody: ${whyUnsent(alert)}`));
  if (reminder !== undefined) {
    terminal.print(`\nReminded ${minuteText(reminder.acceptedAt)}, as nobody had answered`);
    terminal.table(reminder.deliveries.map(({ recipient, state }) => [`  ${recipient}`, state]));
  }
  terminal.print(`\nAnswers, wanted by ${minuteText(alert.dispositionBy)}`);
  terminal.table(
    answers.map(({ source, disposition, acceptedAt }) => [
      `  ${minuteText(acceptedAt)}`,
      source,
      disposition,
    ]),
  );
  if (answers.length === 0) terminal.print('  none');
  tellAnswersToCome(toCome.answers, toCome, terminal);
}

function whyUnsent({ code = 'an error', tries = 0 }: AlertRecord): string {
  if (code === 'internal-error') return 'the gateway failed to make it, and its log says how';
  if (tries === 0) return 'no endpoint that could get it holds a role that alerts.yaml names for its level';
  return `it was refused ${tries} times, at last with ${code}`;
}
