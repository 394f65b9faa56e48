/** `causeway status`: where this endpoint and its messages stand. */
import { setTimeout as pause } from 'node:timers/promises';
import { CausewayError } from '../../protocol/errors.ts';
import { messageIdSchema } from '../../protocol/ids.ts';
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import { matching, wholeNumber } from '../../terminal/input.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { RenewalRefusal } from '../sdk/renewal-refusal.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { ladderLines, ladderObject } from './ladder-text.ts';
import { clockOf } from './notice-text.ts';
import { withClient, type OpenClient } from './open-client.ts';

type Flags = HomeFlags & { readonly last: number };

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
        'certificate, notices that are held, and the last notices sent with every step of each.\n' +
        'With an ID, that notice alone.',
    )
    .argument('[id]', 'a notice that was sent from here', matching(messageIdSchema))
    .option('--last <n>', 'how many notices to show', wholeNumber(0, 100_000), 10)
    .option(...homeOption)
    .action((id: string | undefined, flags: Flags) =>
      withClient(homeFolder(flags, terminal), terminal, async (open) => {
        if (open.connection.isConnected) await terminal.during('Fetching receipts', () => catchUp(open));
        if (open.connection.isConnected) await terminal.during('Checking the log', () => checkLog(open));
        if (id === undefined) showAll(open, flags.last, terminal);
        else showOne(open, id, terminal);
      }),
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

/** What is found wrong stands in the status itself. */
async function checkLog({ client }: OpenClient): Promise<void> {
  const patience = pause(catchUpMs, undefined, { ref: false });
  await Promise.race([client.log.check().catch(() => undefined), patience]);
}

function logRows({ client }: OpenClient, terminal: Terminal): string[][] {
  const { paint } = terminal;
  const { checkpoint, halt, witnessesNeeded, origin } = client.log.status();
  const cosigned = checkpoint?.witnesses.length ?? 0;
  const seen =
    checkpoint === undefined
      ? paint.warn('no checkpoint verified yet')
      : `${checkpoint.size} leaves verified, ${cosigned} witnesses (${witnessesNeeded} needed)`;
  const faults = client.log
    .faults()
    .map(({ kind, detail, evidence }) => [
      '',
      paint.bad(`${kind}: ${showableLine(detail)} Evidence: ${evidence}`),
    ]);
  const foreign = client.log.changes().filter((change) => change.foreign);
  return [
    [
      'log',
      halt === undefined
        ? `${origin}: ${seen}`
        : paint.bad('CONTRADICTS ITSELF: nothing is sent until a person decides'),
    ],
    ...faults,
    ...foreign.map(({ kind, leaf }) => [
      '',
      paint.bad(`own entry: ${kind} at leaf ${leaf}, not by this home`),
    ]),
  ];
}

function showAll(open: OpenClient, last: number, terminal: Terminal): void {
  const { client, connection } = open;
  const { endpoint, waiting, lastPostponement, certificateEndsAt, renewalRefusal } = client.status();
  const days = Math.floor((certificateEndsAt - Date.now()) / dayMs);
  const held = client.held();
  const messages = last === 0 ? [] : client.messages({ limit: last }).reverse();
  const error = connection.isConnected ? undefined : (connection.lastError?.code ?? 'gateway-unreachable');
  if (terminal.wantsJson) {
    const connected = connection.isConnected;
    terminal.json({
      ...{ type: 'status', endpoint, connected, ...(error === undefined ? {} : { error }) },
      ...{
        waiting,
        ...(lastPostponement === undefined ? {} : { postponed: postponement(lastPostponement) }),
      },
      ...{ held: held.length, certificateDays: days },
      ...(renewalRefusal === undefined ? {} : { renewal: renewalRefusal }),
    });
    const { checkpoint, followed, halt } = client.log.status();
    terminal.json({
      type: 'log',
      checkpoint,
      followed,
      halt,
      changes: client.log.changes(),
      faults: client.log.faults(),
    });
    for (const notice of held) terminal.json({ type: 'held', ...notice });
    for (const message of messages) terminal.json(ladderObject(message));
    return;
  }
  const { paint } = terminal;
  const rows = [
    ['endpoint', paint.strong(endpoint)],
    ['connection', error === undefined ? paint.good('connected') : paint.bad(`none: ${error}`)],
    ['certificate', days < warnDays ? paint.warn(`${days} days left`) : `${days} days left`],
    ...(renewalRefusal === undefined ? [] : [['', paint.bad(renewalWords(renewalRefusal))]]),
    ['outbox', waiting === 0 ? 'empty' : paint.warn(`${waiting} waiting for the gateway`)],
    ...(lastPostponement === undefined
      ? []
      : [
          [
            '',
            paint.warn(
              `refused for now, ${lastPostponement.code}: ${showableLine(lastPostponement.message)}`,
            ),
          ],
        ]),
    ...logRows(open, terminal),
    ['held', held.length === 0 ? 'nothing' : paint.warn(`${held.length} that cannot be shown yet`)],
  ];
  terminal.table(rows);
  for (const { from, code, category, severity, id, heldAt } of held) {
    terminal.print(
      `    ${paint.dim(clockOf(heldAt))}  ${from}  ${category} ${severity}  ${code}  ${paint.dim(id)}`,
    );
  }
  if (messages.length > 0) terminal.print();
  for (const message of messages) ladderLines(message, terminal).forEach((line) => terminal.print(line));
}

function renewalWords({ code, detail, at }: RenewalRefusal): string {
  const words = detail ?? new CausewayError(code).meaning.text;
  return `not renewed (${new Date(at).toISOString()}), ${code}: ${showableLine(words)}`;
}

function postponement({ code, detail }: CausewayError): { code: string; detail?: string } {
  return { code, ...(detail === undefined ? {} : { detail }) };
}

function showOne({ client }: OpenClient, id: string, terminal: Terminal): void {
  const message = client.message(id);
  if (message === undefined) {
    throw new CausewayError('not-found', { detail: `No notice with the id ${id} was sent from this home.` });
  }
  if (terminal.wantsJson) {
    terminal.json(ladderObject(message));
    return;
  }
  for (const line of ladderLines(message, terminal)) terminal.print(line);
  const { to, expires, thread } = message;
  terminal.table([
    ['    to', to.join(', ')],
    ['    expires', expires],
    ['    thread', thread],
  ]);
}
