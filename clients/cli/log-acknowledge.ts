/** `causeway log acknowledge`: a person says that what was found wrong with the log was looked at. */
import { InvalidArgumentError } from 'commander';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { parseMoment, usageError } from '../../terminal/input.ts';
import { showableLine } from '../../terminal/paint.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { LogFault, OwnChange } from '../sdk/log/log-table.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { showLog } from './log-status.ts';
import { withClient, type OpenClient } from './open-client.ts';
import { openMatters, type OpenMatters } from './open-matters.ts';

type Flags = HomeFlags & { readonly through?: number; readonly yes?: true };

export function registerLogAcknowledge(log: ProgramCommand, terminal: Terminal): void {
  log
    .command('acknowledge')
    .summary('note that what was found wrong with the log was looked at')
    .description(
      'Shows what `causeway log status` shows as wrong and nobody has acknowledged, false receipts among it, with\n' +
        'changes of your own entry that this home did not make, asks, and notes with the time that a person has looked\n' +
        'at them. They stay there, and so does the evidence; only `causeway status` shows them no more, and its --check\n' +
        'ends with 1 for what is found from then on. Give the evidence to the Committee first. A log that contradicts\n' +
        'itself waits for `causeway log resume` all the same. Where nobody can be asked, as in a script, say up to when\n' +
        'it was looked at.',
    )
    .option(
      '--through <time>',
      'only what was found up to then: 2026-11-23T09:30:05Z, 10m for ten minutes ago',
      lookedUntil,
    )
    .option('--yes', 'do not ask; without --through, all that was found before this command')
    .option(...homeOption)
    .examples(
      ['causeway log acknowledge --home ./duty', ''],
      ['causeway log acknowledge --home ./duty --through 2026-11-23T09:30:05Z', 'as you looked at it then'],
    )
    .action((flags: Flags) => {
      if (flags.through === undefined && flags.yes === undefined && !terminal.canAsk) {
        throw usageError(
          'Nobody can be asked here: say up to when a person has looked, by --through TIME, or --yes for all.',
        );
      }
      return withClient(homeFolder(flags, terminal), terminal, acknowledging(flags, terminal));
    });
}

/** A time as {@link timeText} shows it stands for the whole of its second, in which something may have been found. */
function lookedUntil(text: string): number {
  const at = parseMoment(text, Date.now(), true);
  if (at !== undefined) return at + 999;
  throw new InvalidArgumentError(
    'It must be a time such as 2026-11-23T09:30:05Z, or 10m for ten minutes ago.',
  );
}

function acknowledging({ through, yes }: Flags, terminal: Terminal) {
  const isAsked = yes === undefined && terminal.canAsk;
  // What this command itself comes to find, nobody has looked at unless it is shown first.
  const until = Math.min(through ?? Infinity, isAsked ? Infinity : Date.now());
  return async ({ client, signal }: OpenClient): Promise<void> => {
    const open = openMatters(client);
    const matters = foundUntil(until, open);
    const count = countOf(matters);
    if (count > 0) {
      if (!terminal.wantsJson) show(matters, terminal);
      const question = `Acknowledge ${count === 1 ? 'this' : `these ${count}`}?`;
      if (isAsked && !(await terminal.ask(question, signal))) {
        terminal.hint('Nothing was acknowledged.');
        process.exitCode = exitCodes.failure;
        return;
      }
      await client.log.acknowledge(matters);
    }
    if (terminal.wantsJson) terminal.json({ type: 'acknowledged', ...matters });
    const later = countOf(open) - count;
    if (count === 0) {
      const then = later === 0 ? '' : ` up to ${timeText(until)}`;
      terminal.hint(`Nothing was found wrong${then} that is not acknowledged yet.`);
    }
    // By a clock that was set back, all that was found before may be later.
    if (later > 0)
      terminal.hint(`Found later, and still open: ${later}, the last at ${timeText(lastOf(open))}.`);
    showLog(client, terminal);
  };
}

function countOf({ faults, changes }: OpenMatters): number {
  return faults.length + changes.length;
}

/** When the last of them was found. */
function lastOf({ faults, changes }: OpenMatters): number {
  return Math.max(...[...faults, ...changes].map(timeOf));
}

function foundUntil(until: number, { faults, changes }: OpenMatters): OpenMatters {
  return {
    faults: faults.filter((fault) => timeOf(fault) <= until),
    changes: changes.filter((change) => timeOf(change) <= until),
  };
}

function timeOf(matter: LogFault | OwnChange): number {
  return 'at' in matter ? (matter.foundAt ?? matter.at) : matter.foundAt;
}

function show({ faults, changes }: OpenMatters, terminal: Terminal): void {
  terminal.table([
    ...changes.map((change) => [
      timeText(timeOf(change)),
      'own entry',
      `${change.kind} at leaf ${change.leaf}, not by this home`,
    ]),
    ...faults.map(({ kind, foundAt, detail, evidence }) => [
      timeText(foundAt),
      kind,
      `${showableLine(detail)} Evidence: ${evidence}`,
    ]),
  ]);
  terminal.print();
}
