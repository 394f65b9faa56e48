/** `causeway send`: one notice, on its way when this ends with exit code 0. */
import { InvalidArgumentError, Option } from 'commander';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { messageIdSchema, recipientAddressSchema, slugSchema } from '../../protocol/ids.ts';
import { mediaTypeSchema } from '../../protocol/wire/content.ts';
import { severities, type Severity } from '../../protocol/wire/envelope.ts';
import { limits } from '../../protocol/limits.ts';
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import { durationMs, listOf, matching } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { firstOf, timeoutSignal, waitUnlessAborted } from '../sdk/abort.ts';
import type { Client } from '../sdk/client.ts';
import type { OutgoingNotice } from '../sdk/outgoing-notice.ts';
import type { LogFault } from '../sdk/log/log-table.ts';
import type { SendResult } from '../sdk/outbox.ts';
import { findDataset } from './dataset-source.ts';
import { faultObject, faultWords } from './fault-words.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { ladderLines, ladderObject } from './ladder-text.ts';
import { checkContentFlags, readContent, type ContentFlags, type ReadContent } from './notice-content.ts';
import { checkAnswer } from './check-answer.ts';
import { assertLogHolds } from './log-after-sending.ts';
import { notKept } from './not-kept.ts';
import { readSubjects } from './notice-subjects.ts';
import { endOfHome, queuedNotice } from './queued-notice.ts';
import { refusedNotice } from './refused-notice.ts';
import { withClient, type OpenClient } from './open-client.ts';
import { exitCodeOfMessage } from './status-verdict.ts';
import { tellUnreadDirectory } from './unread-directory.ts';

type Flags = HomeFlags &
  ContentFlags & {
    readonly to: string[];
    readonly category: string;
    readonly severity: Severity;
    readonly purpose: string;
    readonly basis: string;
    readonly replyTo?: string;
    readonly expires?: number;
    readonly subjects?: string;
    readonly wait?: 'stored';
    readonly timeout: number;
  };

/** Where most of the time went before the notice could be handed over, the gateway may be about to answer. */
const leastWaitMs = 500;

export function registerSend(program: ProgramCommand, terminal: Terminal): void {
  program
    .command('send')
    .helpGroup(sections.takePart)
    .summary('send a notice')
    .description(
      'Signs and encrypts a notice on this computer and sends it. Exit code 0 means that the gateway has made it\n' +
        'durable. Where its log then turns out to contradict itself, the error says that the notice was accepted\n' +
        '(exit code 1; "accepted":true with --json). When the gateway does not take it in time the notice stays in\n' +
        'the outbox ("queued":true) and goes out with the next command of this home that connects; do not send it\n' +
        'again. The exit code is 3 then, and 1 where a person has to act before it can go out, as where the gateway\n' +
        'is not the one that is trusted; it is never 2. Where it did not get as far as the outbox, as when a holder\n' +
        'of the linkage key is away, the error says so: send it again.',
    )
    .optionsGroup('Notice')
    .requiredOption('--to <address...>', 'agency/endpoint, or agency/@role', listOf(recipientAddressSchema))
    .requiredOption(
      '--category <name>',
      'what it is about: a word of the sharing agreement, such as concern',
      matching(slugSchema),
    )
    .addOption(new Option('--severity <level>', 'how grave').choices(severities).makeOptionMandatory())
    .requiredOption('--purpose <name>', 'what it is for, such as child-protection', matching(slugSchema))
    .requiredOption('--basis <name>', 'the lawful basis, such as public-task', matching(slugSchema))
    .option('--reply-to <id>', 'the notice that it answers', matching(messageIdSchema))
    .option('--subjects <file>', 'whom it is about, JSON (docs/linkage.md); only keyed tokens of it travel')
    .option('--expires <span>', 'how long to try: 45m, 24h, 7d; at most 90d (default: 30d)', lifetimeMs)
    .optionsGroup('Content, one of')
    .option('--dataset <name>', 'with --content: a document of this data set, NAME or NAME/VERSION')
    .option('--content <file>', 'the document, JSON; - for stdin')
    .option('--text <text>', 'plain text; - for stdin')
    .option('--file <path>', 'any file; up to 1 MiB once it is encrypted')
    .option('--media-type <type>', 'media type of --file (default: by its name)', matching(mediaTypeSchema))
    .optionsGroup('Options')
    .option(...homeOption)
    .addOption(new Option('--wait <state>', 'wait until every recipient has stored it').choices(['stored']))
    .addOption(
      new Option('--timeout <span>', 'how long to wait, for the connection too')
        .argParser(durationMs)
        .default(durationMs('1m'), '1m'),
    )
    .examples(
      [
        'causeway send --to north-lanarkshire-social-work/duty --category concern --severity urgent \\\n' +
          '      --purpose child-protection --basis public-task --dataset concern-report --content report.json',
        '',
      ],
      ['echo "Please call back." | causeway send … --text - --wait stored', ''],
    )
    .action((flags: Flags) => send(flags, terminal));
}

async function send(flags: Flags, terminal: Terminal): Promise<void> {
  const home = homeFolder(flags, terminal);
  checkContentFlags(flags);
  const content = await readContent(flags);
  const subjects = flags.subjects === undefined ? [] : await readSubjects(flags.subjects, terminal);
  const startedAt = Date.now();
  const untilEnd = ({ signal, leftMs }: OpenClient): AbortSignal =>
    firstOf(signal, timeoutSignal(Math.max(Math.ceil(leftMs()), leastWaitMs)));
  let isOpen = false;
  const work = async (open: OpenClient): Promise<void> => {
    isOpen = true;
    tellFalseReceipts(open.client, startedAt, terminal);
    const id = await enqueue(flags, content, subjects, open, untilEnd(open)).finally(async () => {
      await waitUnlessAborted(open.client.directory.catchUp(), untilEnd(open)).catch(() => undefined);
      tellUnreadDirectory(open.client, terminal);
    });
    const dueLook = open.client.log.lookWhereDue();
    const deadline = untilEnd(open);
    const result = await waitForGateway(id, { deadline, timeoutMs: flags.timeout }, open, terminal);
    reportAccepted(result, terminal);
    if (flags.wait === 'stored') await waitForStored(id, deadline, open, terminal);
    await assertLogHolds(id, dueLook, open, terminal);
  };
  await withClient(home, terminal, work, { timeoutMs: flags.timeout }).catch((error: unknown) => {
    throw isOpen ? error : notKept(error);
  });
}

/**
 * Tells of receipts that are not genuine, also of those that came while the session was opened. What is wrong with the log
 * itself is no matter of this notice: `status` tells it.
 */
function tellFalseReceipts(client: Client, startedAt: number, terminal: Terminal): void {
  const tell = (fault: LogFault): void => {
    if (fault.kind !== 'receipt') return;
    if (terminal.wantsJson) terminal.json(faultObject(fault));
    else terminal.hint(faultWords(fault));
  };
  client.log
    .faults()
    .filter(({ foundAt }) => foundAt >= startedAt)
    .forEach(tell);
  client.on('logFault', tell);
}

/** Puts the notice into the outbox. Where that fails, nothing of it is kept, which has to be said. */
async function enqueue(
  flags: Flags,
  content: ReadContent,
  subjects: NonNullable<OutgoingNotice['subjects']>,
  open: OpenClient,
  deadline: AbortSignal,
): Promise<string> {
  const { client, connection, signal } = open;
  try {
    const notice = await compose(flags, content, open);
    // What is made by then is kept, however long that took.
    return await client.enqueue({ ...notice, subjects, signal, readyBy: deadline });
  } catch (error) {
    const isLate = isCausewayError(error, 'aborted') && !signal.aborted;
    const cause = isLate ? lateFor(flags.timeout, open) : error;
    throw endOfHome(connection, client.status().waiting) ?? notKept(cause, flags.file ?? flags.content);
  }
}

/** Why a notice could not be made ready in time: for want of what the gateway knows of recipients, data sets and the log. */
function lateFor(timeoutMs: number, { client, connection }: OpenClient): CausewayError {
  if (!connection.isConnected) return connection.lastError ?? new CausewayError('gateway-unreachable');
  const detail = `The gateway is connected, but has not given what sending needs within ${timeoutMs / 1_000} s.`;
  return client.log.halted() ?? new CausewayError('peer-silent', { detail });
}

async function compose(
  flags: Flags,
  content: ReadContent,
  { client, connection, signal, leftMs }: OpenClient,
): Promise<OutgoingNotice> {
  const { to, category, severity, purpose, basis, replyTo, expires } = flags;
  const addressing = {
    ...{ to, category, severity, purpose, basis },
    ...(replyTo === undefined ? {} : { inReplyTo: replyTo }),
    ...(expires === undefined ? {} : { expiresInMs: expires }),
  };
  // Without a directory nobody is known: why there is none says more than "unknown recipient".
  connection.assertDirectory();
  if (content.dataset === undefined) {
    checkAnswer({ category, replyTo, document: undefined, template: () => undefined });
    return { ...addressing, content: content.content };
  }
  const named = content.dataset;
  // What is read anew takes the place of what was known.
  const find = (): string => findDataset(client.datasets.registry, named);
  if (connection.isConnected) {
    // The other half is for the rest.
    const until = firstOf(signal, timeoutSignal(Math.max(Math.ceil(leftMs() / 2), leastWaitMs)));
    await waitUnlessAborted(client.datasets.refresh(), until).catch((error: unknown) => {
      // As without a connection: what is known will do.
      if (signal.aborted || !isKnown(find)) throw error;
    });
  }
  const dataschema = find();
  const { registry } = client.datasets;
  const template = (): unknown => registry.template(dataschema);
  checkAnswer({ category, replyTo, document: content.document, template });
  return { ...addressing, dataschema, content: content.document };
}

function isKnown(find: () => string): boolean {
  try {
    return find() !== '';
  } catch {
    return false;
  }
}

async function waitForGateway(
  id: string,
  { deadline, timeoutMs }: { readonly deadline: AbortSignal; readonly timeoutMs: number },
  { client, connection, signal }: OpenClient,
  terminal: Terminal,
): Promise<SendResult> {
  try {
    return await terminal.during('Waiting for the gateway', () =>
      Promise.race([client.accepted(id, { signal: deadline }), connection.failure]),
    );
  } catch (error) {
    const { state, answer } = client.message(id) ?? {};
    if (!isCausewayError(error)) throw error;
    if (answer?.outcome === 'refused') throw refusedNotice(error, id);
    if (state !== 'waiting') throw error;
    if (signal.aborted) throw queuedNotice(new CausewayError('aborted', { cause: error }), id);
    if (error.code !== 'aborted') throw queuedNotice(error, id);
    const within = `within ${timeoutMs / 1_000} s`;
    const late = connection.isConnected
      ? (client.log.halted() ??
        client.status().lastPostponement ??
        unbelieved(connection, within) ??
        new CausewayError(connection.reported?.code ?? 'peer-silent', {
          detail: `The gateway is connected, but said nothing about the notice ${within}.`,
          cause: connection.reported,
        }))
      : (connection.lastError ??
        new CausewayError('gateway-unreachable', { detail: `There was no connection ${within}.` }));
    throw queuedNotice(late, id);
  }
}

/** Silence is one thing, and receipts that are forged another. */
function unbelieved({ disbelieved }: OpenClient['connection'], within: string): CausewayError | undefined {
  if (disbelieved === undefined) return undefined;
  const detail = `The gateway is connected, but gave no receipt that can be believed ${within} (${disbelieved.code}).`;
  return new CausewayError('receipt-invalid', { detail, cause: disbelieved });
}

/** The span of `--expires`, in ms. */
function lifetimeMs(text: string): number {
  const span = durationMs(text);
  if (span <= limits.maxLifetimeMs) return span;
  throw new InvalidArgumentError(`It must be at most ${limits.maxLifetimeMs / 86_400_000} days.`);
}

function reportAccepted({ id, acceptedAt, record, listening, away }: SendResult, terminal: Terminal): void {
  if (terminal.wantsJson) {
    terminal.json({
      type: 'accepted',
      id,
      acceptedAt: new Date(acceptedAt).toISOString(),
      record,
      listening,
      away,
    });
    return;
  }
  const { paint } = terminal;
  terminal.print(`${paint.good('accepted')}  ${paint.strong(id)}  ${paint.dim(`record ${record}`)}`);
  for (const endpoint of listening) terminal.print(`    ${endpoint}  ${paint.good('listening')}`);
  for (const endpoint of away) {
    terminal.print(
      `    ${endpoint}  ${paint.warn('away')}${paint.dim(': it gets the notice when it connects')}`,
    );
  }
}

async function waitForStored(
  id: string,
  deadline: AbortSignal,
  { client, signal }: OpenClient,
  terminal: Terminal,
): Promise<void> {
  const wait = async (): Promise<void> => {
    try {
      await client.settled(id, { signal: deadline });
    } catch (error) {
      // Past the deadline the ladder says what is open; only Ctrl-C ends the command.
      if (signal.aborted || !isCausewayError(error, 'aborted')) throw error;
    }
  };
  await terminal.during('Waiting for the recipients', wait);
  const message = client.message(id);
  if (message === undefined) return;
  if (terminal.wantsJson) terminal.json(ladderObject(message));
  else for (const line of ladderLines(message, terminal).slice(1)) terminal.print(line);
  if (message.deliveries.some(({ outcome }) => outcome === undefined))
    terminal.hint(`The gateway goes on. Later: ${terminal.command} status ${id}`);
  process.exitCode = exitCodeOfMessage(message);
}
