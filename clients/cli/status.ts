/** `causeway status`: where this endpoint and its messages stand. */
import { setTimeout as pause } from 'node:timers/promises';
import { CausewayError } from '../../protocol/errors.ts';
import { messageIdSchema } from '../../protocol/ids.ts';
import { adviceFor } from '../../terminal/advice.ts';
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import { matching, wholeNumber } from '../../terminal/input.ts';
import { showableLine } from '../../terminal/paint.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { RenewalRefusal } from '../sdk/renewal-refusal.ts';
import { clockWords } from './clock-words.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { remedyOf, trustRemedy } from './held-remedy.ts';
import { ladderLines, ladderObject } from './ladder-text.ts';
import { failureObject } from './log-status.ts';
import { lostObjects, lostRows } from './lost-text.ts';
import { adviceOnConnection, errorOfConnection } from './no-connection.ts';
import { withClient, type OpenClient } from './open-client.ts';
import { openMatters } from './open-matters.ts';
import { exitCodeOfEndpoint, exitCodeOfMessage, isVerifiedNow } from './status-verdict.ts';
import { unreadObject, unreadWords } from './unread-directory.ts';

type Flags = HomeFlags & { readonly last: number; readonly check?: true };

const dayMs = 24 * 3_600_000;
const warnDays = 14;
const catchUpMs = 3_000;
const quietMs = 250;

export function registerStatus(program: ProgramCommand, terminal: Terminal): void {
  program
    .command('status')
    .helpGroup(sections.takePart)
    .summary('show the connection, the outbox, and what became of notices')
    .description(
      'Connects, sends what waits in the outbox, fetches receipts, and shows: the connection, days left on the\n' +
        'certificate, notices that are held, receipts that wait for trust in new keys, files of the home that are of\n' +
        'another endpoint, and the last notices sent with every step of each.\n' +
        'With an ID, that notice alone.\n' +
        'Exit code 0 whatever it shows; with --check, 1 where a person has to act, and 3 while there is no connection,\n' +
        'the log cannot be verified, a notice waits for the gateway, one that came cannot be opened at present, or the\n' +
        'directory cannot be read. A log that could not be verified for a quarter of an hour is for a person too. Of an\n' +
        'ID: 1 where it was refused or has expired, 3 while a recipient has not stored it.\n' +
        'Where the home cannot be opened, nothing is shown: exit code 1 where a person has to act, as where its\n' +
        '`state.db` is no file or may not be opened, and 3 where it may pass, as on a full disk.',
    )
    .argument('[id]', 'a notice that was sent from here', matching(messageIdSchema))
    .option('--last <n>', 'how many notices to show', wholeNumber(0, 100_000), 10)
    .option('--check', 'tell by the exit code whether all is well, for scripts')
    .option(...homeOption)
    .examples(
      ['causeway status --home ./duty', ''],
      [
        'causeway status --home ./duty --check > status.txt || [ $? -eq 3 ] || tell-somebody',
        'for a monitor: an outage that may pass wakes nobody',
      ],
    )
    .action((id: string | undefined, flags: Flags) =>
      withClient(
        homeFolder(flags, terminal),
        terminal,
        async (open) => {
          if (open.connection.isConnected) await terminal.during('Fetching receipts', () => catchUp(open));
          await terminal.during('Reading the directory', () => open.client.directory.catchUp());
          if (open.connection.isConnected) await terminal.during('Checking the log', () => checkLog(open));
          const code = id === undefined ? showAll(open, flags.last, terminal) : showOne(open, id, terminal);
          if (flags.check !== true) return;
          // What could be shown of it was shown.
          open.client.checkState();
          process.exitCode = code;
        },
        { toleratesForeignParts: true },
      ),
    );
}

/** Receipts arrive by themselves; nothing says which one is the last, so a short silence has to. */
async function catchUp({ client, signal }: OpenClient): Promise<void> {
  if (client.messages({ open: true, limit: 1 }).length === 0) return;
  const ended = AbortSignal.any([signal, AbortSignal.timeout(catchUpMs)]);
  const events = client.receipts({ signal: ended });
  for (;;) {
    const event = await Promise.race([events.next(), pause(quietMs, undefined)]);
    if (event === undefined || event.done === true) break;
  }
  await events.return?.();
}

/** What is found wrong stands in the status itself, and that nothing could be found out. */
async function checkLog({ client }: OpenClient): Promise<void> {
  const patience = pause(catchUpMs, undefined, { ref: false });
  await Promise.race([client.log.check().catch(() => undefined), patience]);
}

function logRows({ client, connection }: OpenClient, terminal: Terminal): string[][] {
  const { paint } = terminal;
  const status = client.log.status();
  const { checkpoint, halt, witnessesNeeded, origin, lastError } = status;
  const unverified =
    lastError === undefined
      ? `The gateway's log was not verified within ${catchUpMs / 1000} seconds.`
      : showableLine(lastError.message);
  const advice = lastError && adviceFor(lastError.code);
  const isUnverified = connection.isConnected && halt === undefined && !isVerifiedNow(status);
  const cosigned = checkpoint?.witnesses.length ?? 0;
  const seen =
    checkpoint === undefined
      ? paint.warn('no checkpoint verified yet')
      : `${checkpoint.size} leaves verified, ${cosigned} ${cosigned === 1 ? 'witness' : 'witnesses'} (${witnessesNeeded} needed)`;
  const open = openMatters(client);
  const faults = open.faults.map(({ kind, detail, evidence }) => [
    kind === 'receipt' ? 'receipts' : '',
    paint.bad(`${kind}: ${showableLine(detail)} Evidence: ${evidence}`),
  ]);
  return [
    [
      'log',
      halt === undefined
        ? `${origin}: ${seen}`
        : paint.bad('CONTRADICTS ITSELF: nothing is sent until a person decides'),
    ],
    ...(isUnverified ? [['', paint.warn(unverified)]] : []),
    ...(isUnverified && advice !== undefined ? [['', advice]] : []),
    ...faults,
    ...open.changes.map(({ kind, leaf }) => [
      '',
      paint.bad(`own entry: ${kind} at leaf ${leaf}, not by this home`),
    ]),
  ];
}

/** @returns the exit code for `--check` */
function showAll(open: OpenClient, last: number, terminal: Terminal): number {
  const { client } = open;
  const code = exitCodeOfEndpoint(open);
  const messages = last === 0 ? [] : client.messages({ limit: last }).reverse();
  if (terminal.wantsJson) {
    for (const each of [...statusObjects(open), ...messages.map(ladderObject)]) terminal.json(each);
    return code;
  }
  const { paint } = terminal;
  terminal.table(statusRows(open, terminal));
  for (const notice of client.held()) {
    const { from, code, category, severity, id, heldAt } = notice;
    terminal.print(
      `    ${paint.dim(timeText(heldAt))}  ${from}  ${category} ${severity}  ${code}  ${paint.dim(id)}`,
    );
    terminal.print(`        ${remedyOf(notice)}`);
  }
  if (messages.length > 0) terminal.print();
  for (const message of messages) ladderLines(message, terminal).forEach((line) => terminal.print(line));
  return code;
}

function daysLeft(certificateEndsAt: number): number {
  return Math.floor((certificateEndsAt - Date.now()) / dayMs);
}

function statusObjects(open: OpenClient): Record<string, unknown>[] {
  const { client } = open;
  const { endpoint, waiting, lastPostponement, certificateEndsAt, renewalRefusal, ...rest } = client.status();
  const { foreignParts, untrustedReceipts, clockAheadMs } = rest;
  const { disbelieved } = open.connection;
  const held = client.held();
  const { unread, version } = client.directory;
  const error = errorOfConnection(open.connection);
  const { checkpoint, followed, checkedAt, lastError, halt } = client.log.status();
  return [
    {
      ...{ type: 'status', endpoint, connected: open.connection.isConnected },
      ...(error === undefined ? {} : { error: error.code }),
      ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
      waiting,
      ...(lastPostponement === undefined ? {} : { postponed: reasonObject(lastPostponement) }),
      ...(disbelieved === undefined ? {} : { badReceipt: reasonObject(disbelieved) }),
      ...{ held: held.length, certificateDays: daysLeft(certificateEndsAt), foreignParts, untrustedReceipts },
      ...(renewalRefusal === undefined ? {} : { renewal: renewalRefusal }),
    },
    {
      ...{ type: 'log', checkpoint, followed, checkedAt, halt },
      ...failureObject(lastError),
      ...{ changes: client.log.changes(), faults: client.log.faults() },
    },
    ...(unread === undefined ? [] : [unreadObject(unread, version)]),
    ...lostObjects(client),
    ...held.map((notice) => ({ type: 'held', ...notice })),
  ];
}

function statusRows(open: OpenClient, terminal: Terminal): string[][] {
  const { endpoint, waiting, lastPostponement, certificateEndsAt, renewalRefusal, ...rest } =
    open.client.status();
  const { foreignParts, untrustedReceipts, held, clockAheadMs } = rest;
  const { disbelieved } = open.connection;
  const { unread, version } = open.client.directory;
  const { paint } = terminal;
  const days = daysLeft(certificateEndsAt);
  return [
    ['endpoint', paint.strong(endpoint)],
    ...(foreignParts.length === 0 ? [] : [['home', paint.bad(foreignWords(foreignParts))]]),
    ...connectionRows(open.connection, foreignParts, terminal),
    ...(clockAheadMs === undefined ? [] : [['', paint.warn(clockWords(clockAheadMs))]]),
    ...(unread === undefined ? [] : [['directory', paint.warn(unreadWords(unread, version))]]),
    ['certificate', days < warnDays ? paint.warn(`${days} days left`) : `${days} days left`],
    ...(renewalRefusal === undefined ? [] : [['', paint.bad(renewalWords(renewalRefusal))]]),
    ['outbox', waiting === 0 ? 'empty' : paint.warn(`${waiting} waiting for the gateway`)],
    ...(lastPostponement === undefined ? [] : [['', paint.warn(postponementWords(lastPostponement))]]),
    ...(disbelieved === undefined ? [] : [['', paint.bad(unbelievedWords(disbelieved))]]),
    ...lostRows(open.client, terminal),
    ...logRows(open, terminal),
    ...untrustedReceipts.map((issuer) => [
      'receipts',
      paint.warn(`of ${issuer} wait until its keys are trusted: ${trustRemedy(issuer)}`),
    ]),
    ['held', held === 0 ? 'nothing' : paint.warn(`${held} that cannot be shown yet`)],
  ];
}

function connectionRows(
  connection: OpenClient['connection'],
  foreignParts: readonly string[],
  { paint }: Terminal,
): string[][] {
  const error = errorOfConnection(connection);
  if (error === undefined) return [['connection', paint.good('connected')]];
  // What a gateway would say of such a home speaks of anything but the file.
  if (foreignParts.length > 0)
    return [['connection', paint.bad('none: nothing connects with a file of another endpoint')]];
  const { code, detail } = error;
  const advice = adviceOnConnection(error);
  return [
    ['connection', paint.bad(`none: ${code}`)],
    ...(code !== 'gateway-unreachable' || detail === undefined ? [] : [['', showableLine(detail)]]),
    ...(advice === undefined ? [] : [['', advice]]),
  ];
}

function postponementWords({ code, message }: CausewayError): string {
  return `refused for now, ${code}: ${showableLine(message)}`;
}

function unbelievedWords({ code, message }: CausewayError): string {
  return `a receipt was not believed, ${code}: ${showableLine(message)}`;
}

function foreignWords(files: readonly string[]): string {
  const which = files.length === 1 ? 'is' : 'are';
  return `${files.join(', ')} ${which} NOT OF THIS ENDPOINT, or not of its last enrolment: put back what belongs here`;
}

function renewalWords({ code, detail, at }: RenewalRefusal): string {
  const words = detail ?? new CausewayError(code).meaning.text;
  return `not renewed (${timeText(at)}), ${code}: ${showableLine(words)}`;
}

function reasonObject({ code, detail }: CausewayError): { code: string; detail?: string } {
  return { code, ...(detail === undefined ? {} : { detail }) };
}

/** @returns the exit code for `--check` */
function showOne({ client }: OpenClient, id: string, terminal: Terminal): number {
  const message = client.message(id);
  if (message === undefined) {
    throw new CausewayError('not-found', { detail: `No notice with the id ${id} was sent from this home.` });
  }
  if (terminal.wantsJson) {
    terminal.json(ladderObject(message));
    return exitCodeOfMessage(message);
  }
  for (const line of ladderLines(message, terminal)) terminal.print(line);
  const { to, expires, thread } = message;
  terminal.table([
    ['    to', to.join(', ')],
    ['    expires', expires],
    ['    thread', thread],
  ]);
  return exitCodeOfMessage(message);
}
