/** `causeway audit verify`. */
import { InvalidArgumentError } from 'commander';
import type { AuditReport } from '../audit/finding.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { durationMs, parseMoment } from '../../terminal/input.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { showableLine } from '../../terminal/paint.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';

type Flags = {
  readonly key?: string;
  readonly witness?: readonly string[];
  readonly uncosignedAtMost?: number;
  readonly copiedAt?: number;
  readonly origin?: string;
  readonly since?: string;
  readonly entry?: string;
};

export function registerAuditVerify(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('verify')
    .summary('check a log, a checkpoint, a proof, evidence or a certificate, offline')
    .description(
      'Checks the folder of an exported log, entry by entry and tile by tile, a checkpoint that was kept, a proof in\n' +
        'a file, the evidence about a message, what an endpoint has kept against the log, or the certificate of an\n' +
        'erasure. It needs no gateway and no network. The last line is the verdict.\n' +
        'Exit code 0 when all is good, 2 when something is not as it was signed, 3 when a file cannot be read.',
    )
    .argument('<path>', 'the folder of a log, a checkpoint, a proof, evidence, or a certificate of erasure')
    .option(
      '--key <file>',
      "the log's verifier key, in a file or a pipe (default: log.vkey beside the folder or the file)",
    )
    .option('--witness <file...>', 'verifier keys of witnesses that must have cosigned')
    .option(
      '--uncosigned-at-most <span>',
      'how long a log may have gone on beyond what all of them cosigned (default: 15m)',
      durationMs,
    )
    .option(
      '--copied-at <time>',
      'when the copy was made, such as now or 2026-11-23T09:30Z: else only times in the log and its cosignatures count',
      copyTime,
    )
    .option('--origin <name>', "the log's name, where it is not that of its key")
    .option('--since <file>', 'an older checkpoint: nothing under it may have been removed or changed')
    .option('--entry <file>', 'the entry that a proof is about, where the proof does not hold it')
    .examples(
      ['causeway audit verify ./kept/log', ''],
      ['causeway audit verify ./kept/log --since checkpoint-of-may --witness committee.vkey', ''],
      ['causeway audit verify ./fetched/log --witness committee.vkey --copied-at now', ''],
      ['causeway audit verify ./2026-11-23T093000.000Z-fork-0a1b2c3d.json --key log.vkey', ''],
    )
    .action((path: string, flags: Flags) => verify(path, flags, terminal));
}

const keyFromBeside =
  'The key is the log.vkey that lies beside it, and whoever made the one could have made the other. With --key you name\n' +
  "a key that you have from the log's owner.\n";

const withoutCopyTime =
  'How long the entries that are not cosigned have waited was judged by times that the log itself has written. With\n' +
  '--copied-at you say when the copy was made, or now.\n';

/** `now`, or a time as elsewhere. */
function copyTime(text: string): number {
  const now = Date.now();
  const at = text === 'now' ? now : parseMoment(text, now);
  if (at !== undefined) return at;
  throw new InvalidArgumentError(
    'It must be now, a time such as 2026-11-23T09:30Z, or 2h for two hours ago.',
  );
}

async function verify(path: string, flags: Flags, terminal: Terminal): Promise<void> {
  const [{ verifyPath }, { verdictOf }] = await Promise.all([
    import('../audit/verify.ts'),
    import('../audit/finding.ts'),
  ]);
  const progress = terminal.progress('Verifying');
  const { key, witness, uncosignedAtMost, copiedAt, origin, since, entry } = flags;
  const report = await verifyPath(path, {
    ...(key === undefined ? {} : { keyFile: key }),
    ...(witness === undefined ? {} : { witnessFiles: witness }),
    ...(uncosignedAtMost === undefined ? {} : { uncosignedAtMostMs: uncosignedAtMost }),
    ...(copiedAt === undefined ? {} : { copiedAtMs: copiedAt }),
    ...(origin === undefined ? {} : { origin }),
    ...(since === undefined ? {} : { sinceFile: since }),
    ...(entry === undefined ? {} : { entryFile: entry }),
    onProgress: (done, size) => progress.update(`Verifying, entry ${done} of ${size}`),
  }).finally(() => progress.end());
  const isGood = report.findings.length === 0;
  if (!isGood) process.exitCode = exitCodes.invalid;
  // Evidence against the log is no better than the key either: somebody else's could have signed two histories.
  if ((isGood || report.subject === 'log-evidence') && key === undefined) terminal.hint(keyFromBeside);
  if (isGood && report.witnessed !== undefined && report.copiedAtMs === undefined)
    terminal.hint(withoutCopyTime);
  show(report, isGood, verdictOf(report), terminal);
}

function show(report: AuditReport, isGood: boolean, verdict: string, terminal: Terminal): void {
  if (terminal.wantsJson) {
    terminal.json({ type: 'verdict', good: isGood, ...report, verdict });
    return;
  }
  const { paint } = terminal;
  const { origin, size, root, cosignatures, findings, unlisted } = report;
  if (origin !== '') {
    terminal.table([
      ['log', paint.strong(showableLine(origin))],
      ['entries', String(size)],
      ['root', root],
      ...cosignatures.map(({ name, timeSeconds }) => [
        'cosigned',
        `${showableLine(name)}  ${paint.dim(timeOf(timeSeconds))}`,
      ]),
    ]);
  }
  for (const statement of report.statements ?? []) terminal.print(showableLine(statement));
  for (const { kind, where, line, text } of findings) {
    const place = line === undefined ? where : `${where}:${line}`;
    terminal.print(`${paint.bad(kind)}  ${showableLine(place)}  ${showableLine(text)}`);
  }
  if (unlisted > 0) terminal.print(`and ${unlisted} more`);
  for (const { name, timeSeconds } of report.cosignedLater ?? []) {
    const words = `The witness ${showableLine(name)} has cosigned at ${timeOf(timeSeconds)}, after the copy was made (${timeText(report.copiedAtMs ?? 0)}).`;
    terminal.print(
      `${paint.warn('warning')}  ${words} Its clock is ahead, or that is not the time of the copy.`,
    );
  }
  terminal.print(`${isGood ? paint.good('good') : paint.bad('bad')}  ${showableLine(verdict)}`);
}

function timeOf(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `${seconds} s` : timeText(time);
}
