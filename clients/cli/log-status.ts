/** `causeway log status`: what this endpoint has verified of the gateway's audit log. */
import { adviceFor } from '../../terminal/advice.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { showableLine } from '../../terminal/paint.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Client } from '../sdk/client.ts';
import type { LogStatus } from '../sdk/log/log-status.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { tellLastKnown } from './no-connection.ts';
import { withClient } from './open-client.ts';
import { hasOpenMatters } from './open-matters.ts';
import { isVerifiedNow } from './status-verdict.ts';

export function registerLogStatus(log: ProgramCommand, terminal: Terminal): void {
  log
    .command('status', { isDefault: true })
    .summary('show what was verified of the audit log, and what is wrong with it')
    .description(
      "Looks at the gateway's audit log now, and shows the last checkpoint that was verified, the witnesses that have\n" +
        'cosigned it, every change of your own entry in the directory, and everything that was ever wrong with it or\n' +
        'with receipts, with the file that holds the evidence and when it was acknowledged. Exit code 2 while the log\n' +
        'contradicts itself, and 3 while it cannot be verified. Where there is no connection, it shows what was verified\n' +
        'last: exit code 3, or 1 where a person has to act, as where the gateway is not the one that is trusted or has\n' +
        'revoked this endpoint.',
    )
    .option(...homeOption)
    .action((flags: HomeFlags) =>
      withClient(homeFolder(flags, terminal), terminal, async ({ client, connection }) => {
        if (connection.isConnected)
          // What is found wrong stands in the status itself.
          await terminal.during('Checking the log', () => client.log.check().catch(() => undefined));
        tellLastKnown(connection, terminal);
        if (connection.isConnected && !isVerifiedNow(client.log.status()))
          process.exitCode = exitCodes.temporary;
        showLog(client, terminal);
      }),
    );
}

/** Why the last look at the log failed, for scripts; nothing where it did not. */
export function failureObject(lastError: LogStatus['lastError']): object {
  return lastError === undefined ? {} : { error: lastError.code, detail: lastError.detail };
}

/** Prints how the endpoint stands to the log. */
export function showLog(client: Client, terminal: Terminal): void {
  const { log } = client;
  const { origin, checkpoint, witnessesKnown, witnessesNeeded, followed, checkedAt, lastError, halt } =
    log.status();
  if (halt !== undefined) process.exitCode = exitCodes.invalid;
  const [faults, changes] = [log.faults(), log.changes()];
  if (terminal.wantsJson) {
    const stand = { origin, checkpoint, witnessesKnown, witnessesNeeded, followed, checkedAt };
    terminal.json({ type: 'log', ...stand, ...failureObject(lastError), halt, changes, faults });
    return;
  }
  const { paint } = terminal;
  const finding = (words: string, acknowledgedAt: number | undefined): string =>
    acknowledgedAt === undefined ? paint.bad(words) : `${words} (acknowledged ${timeText(acknowledgedAt)})`;
  const advice = lastError && adviceFor(lastError.code);
  const cosigned =
    checkpoint === undefined || checkpoint.witnesses.length === 0 ? 'none' : checkpoint.witnesses.join(', ');
  terminal.table([
    ['log', paint.strong(showableLine(origin))],
    [
      'verified',
      checkpoint === undefined
        ? paint.warn('nothing yet')
        : `${checkpoint.size} leaves, root ${checkpoint.root}`,
    ],
    [
      'witnesses',
      `${showableLine(cosigned)}  ${paint.dim(`(${witnessesKnown} known, ${witnessesNeeded} needed)`)}`,
    ],
    ['followed', `to leaf ${followed}`],
    ...(lastError === undefined ? [] : [['last look', paint.warn(showableLine(lastError.message))]]),
    ...(advice === undefined ? [] : [['', advice]]),
    ...changes.map(({ leaf, kind, at, foreign, acknowledgedAt }) => {
      const words = `${kind} at leaf ${leaf}, ${timeText(at)}`;
      return ['own entry', foreign ? finding(`${words}, NOT BY THIS HOME`, acknowledgedAt) : words];
    }),
    ...faults.map(({ kind, foundAt, detail, evidence, acknowledgedAt }) => {
      const words = `${kind}, found ${timeText(foundAt)}: ${showableLine(detail)} Evidence: ${evidence}`;
      return ['wrong', finding(words, acknowledgedAt)];
    }),
  ]);
  if (halt === undefined) {
    if (hasOpenMatters(client))
      terminal.hint(`Once a person has looked at it: ${terminal.command} log acknowledge`);
    return;
  }
  terminal.print(
    paint.bad(`The log contradicts itself (${halt.kind}): nothing is sent until a person decides.`),
  );
  terminal.hint(
    `Give the evidence to the Committee, then: ${terminal.command} log resume --keep, or --adopt`,
  );
}
