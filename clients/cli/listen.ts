/** `causeway listen`: notices as they come, each acknowledged only after it was printed or saved. */
import { join } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { agencyOf } from '../../protocol/ids.ts';
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import { wholeNumber } from '../../terminal/input.ts';
import { jsonLine } from '../../terminal/json-line.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Client } from '../sdk/client.ts';
import type { Notice } from '../sdk/notice.ts';
import { isStateDamage } from '../sdk/state-failure.ts';
import { alertLines, type AlertReader } from './alert-lines.ts';
import { clockWords } from './clock-words.ts';
import { faultObject, faultWords } from './fault-words.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { remedyOf } from './held-remedy.ts';
import { checkStore, saveNotice } from './notice-store.ts';
import {
  contentLines,
  contentValue,
  describeNotice,
  isReadable,
  noticeLine,
  refusedLine,
} from './notice-text.ts';
import { withClient, type OpenClient } from './open-client.ts';
import { unreadObject, unreadWords } from './unread-directory.ts';

type Flags = HomeFlags & { readonly save?: string; readonly count?: number };

const receivedFolder = 'received';

export function registerListen(program: ProgramCommand, terminal: Terminal): void {
  program
    .command('listen')
    .helpGroup(sections.takePart)
    .summary('receive notices as they come')
    .description(
      'Prints each notice: a line, then its content, and an alert in words with the command that answers it; with\n' +
        '--json one object a line. With --save the content goes into files instead, for this user only. A notice is\n' +
        'acknowledged, and its sender told `stored`, only after it was printed or durably saved; one that was not\n' +
        'comes again. What cannot be shown on a screen is saved in the folder `received` of the home. Ctrl-C ends it\n' +
        'cleanly. When its disk is full it ends with 3 (`state-unavailable`), and does not wait for room: let something\n' +
        'run it that starts it again, such as systemd.',
    )
    .option('--save <dir>', 'save each notice here: ID-content.EXT as it was sent, then ID.json about it')
    .option('--count <n>', 'end after so many notices', wholeNumber(1, 1_000_000_000))
    .option(...homeOption)
    .examples(
      ['causeway listen --home ./duty', ''],
      ['causeway listen --home ./duty --json --save ./inbox', 'for a script that watches the folder'],
    )
    .action(async (flags: Flags) => {
      const home = homeFolder(flags, terminal);
      if (flags.save !== undefined) await checkStore(flags.save);
      return withClient(home, terminal, (open) => listen(open, flags, home, terminal), {
        endsWithReader: true,
      });
    });
}

async function listen(open: OpenClient, flags: Flags, home: string, terminal: Terminal): Promise<void> {
  const { client, connection, signal } = open;
  const reader = readerOf(client, home);
  const ended = new AbortController();
  const stream = client.notices({ signal: AbortSignal.any([signal, ended.signal]) });
  tellConnection(open, terminal);
  const take = async (): Promise<void> => {
    let left = flags.count ?? Infinity;
    for await (const notice of stream) {
      await show(notice, flags.save, reader, terminal);
      await notice.ack();
      if (--left === 0) return;
    }
  };
  const taking = take();
  try {
    await Promise.race([taking, connection.failure]);
  } finally {
    // When the gateway will not have us any more, a notice in hand is still dealt with.
    ended.abort();
    await taking.catch(() => undefined);
  }
}

async function show(
  notice: Notice,
  save: string | undefined,
  reader: AlertReader,
  terminal: Terminal,
): Promise<void> {
  const fallback = join(reader.home, receivedFolder);
  const folder = save ?? (terminal.wantsJson || isReadable(notice) ? undefined : fallback);
  const saved =
    folder === undefined
      ? undefined
      : await saveNotice(folder, notice, (file) => ({ ...describeNotice(notice), content: file }));
  if (terminal.wantsJson) {
    const content = saved === undefined ? contentValue(notice) : { saved };
    await terminal.deliver(`${jsonLine({ ...describeNotice(notice), ...content })}\n`);
    return;
  }
  const lines = [noticeLine(notice, terminal)];
  if (saved === undefined) lines.push(...(alertLines(notice, reader, terminal) ?? contentLines(notice)));
  else lines.push(`    ${terminal.paint.dim('saved as')} ${saved.content}`);
  await terminal.deliver(`${lines.join('\n')}\n`);
}

function readerOf(client: Client, home: string): AlertReader {
  return {
    home,
    endpoint: client.endpoint,
    // The notice in hand, which is not acknowledged yet, is one of them.
    awaited: () => {
      const { pending, pendingIsLeast } = client.status();
      return pending <= 1 && pendingIsLeast ? undefined : Math.max(0, pending - 1);
    },
    knows: (id, agency) => {
      if (agency === agencyOf(client.endpoint) && client.message(id) !== undefined) return 'sent';
      return client.receivedFrom(id).some((sender) => agencyOf(sender) === agency) ? 'received' : undefined;
    },
  };
}

/** What goes on besides notices: for people on stderr, for scripts as objects between the notices. */
function tellConnection({ client, connection }: OpenClient, terminal: Terminal): void {
  const tell: Tell = (value, words) => {
    if (terminal.wantsJson) terminal.json(value);
    else terminal.hint(terminal.paint.dim(words));
  };
  const { endpoint } = client;
  const connected = (): void => tell({ type: 'connected', endpoint }, `Listening as ${endpoint}.`);
  const disconnected = (error = new CausewayError('gateway-unreachable')): void => {
    const { code, detail } = error;
    const why = detail === undefined ? '' : `: ${showableLine(detail).replace(/\.$/, '')}`;
    tell({ type: 'disconnected', code }, `No connection (${code}${why}); trying again.`);
  };
  if (connection.isConnected) connected();
  else disconnected(connection.lastError);
  let isAway = !connection.isConnected;
  client.on('connected', () => {
    isAway = false;
    connected();
  });
  client.on('disconnected', ({ error, retryInMs }) => {
    // No pause means that the client itself renews the session. What is final ends the command, which says why.
    if (isAway || retryInMs === undefined || retryInMs === 0 || error?.meaning.retryable === false) return;
    isAway = true;
    disconnected(error);
  });
  tellClock(client, tell);
  tellTrouble(client, tell);
}

type Tell = (value: object, words: string) => void;

/** Once, however many sessions there are. */
function tellClock(client: Client, tell: Tell): void {
  let isTold = false;
  const tellOnce = (aheadMs: number): void => {
    if (!isTold) tell({ type: 'clock-skew', aheadMs }, clockWords(aheadMs));
    isTold = true;
  };
  const { clockAheadMs } = client.status();
  if (clockAheadMs !== undefined) tellOnce(clockAheadMs);
  client.on('clockSkew', ({ aheadMs }) => tellOnce(aheadMs));
}

function tellTrouble(client: Client, tell: Tell): void {
  let lastRefusal: string | undefined;
  client.on('held', (held) =>
    tell({ type: 'held', ...held }, `A notice of ${held.from} is held (${held.code}): ${remedyOf(held)}`),
  );
  client.on('refusedNotice', (refused) => {
    const { id, from, error } = refused;
    tell({ type: 'refused', id, from, code: error.code }, refusedLine(refused));
  });
  client.on('logFault', (fault) => tell(faultObject(fault), faultWords(fault)));
  client.on('ownEntry', (change) => {
    const by = change.foreign ? 'NOT BY THIS HOME' : 'by this home';
    tell(
      { type: 'own-entry', ...change },
      `Your own entry in the directory changed (${change.kind}, leaf ${change.leaf}), ${by}.`,
    );
  });
  client.on('renewed', ({ error }) => {
    if (error === undefined || error.meaning.retryable || error.code === lastRefusal) return;
    lastRefusal = error.code;
    tell(
      {
        type: 'not-renewed',
        code: error.code,
        ...(error.detail === undefined ? {} : { detail: error.detail }),
      },
      `The certificate of this endpoint was not renewed (${error.code}): ${showableLine(error.detail ?? error.message)}`,
    );
  });
  const refusedReceipts = new Set<string>();
  client.on('gatewayError', ({ code, message }) => {
    // It comes again with each receipt in each session.
    if (!code.startsWith('receipt-') || refusedReceipts.has(code)) return;
    refusedReceipts.add(code);
    tell(
      { type: 'gateway-error', code, message },
      `The gateway did not take a receipt: ${showableLine(message)}`,
    );
  });
  client.on('keyChanged', ({ endpoint }) =>
    tell(
      { type: 'key-changed', endpoint },
      `${endpoint} has other keys than before; nothing of it is taken.`,
    ),
  );
  tellProblems(client, tell);
}

/** Each once in a session, for what is tried again fails many times. A damaged state ends the command, which says why. */
function tellProblems(client: Client, tell: Tell): void {
  const told = new Set<string>();
  client.on('connected', () => told.clear());
  const tellOnce = (type: string, { code, message }: CausewayError, words: string): void => {
    if (told.has(`${type} ${code}`)) return;
    told.add(`${type} ${code}`);
    tell({ type, code, message }, `${words} (${code}): ${showableLine(message)}`);
  };
  const tellUnread = (): void => {
    const { unread, version } = client.directory;
    if (unread?.error === undefined || told.has('unread')) return;
    told.add('unread');
    tell(unreadObject(unread, version), unreadWords(unread, version));
  };
  tellUnread();
  client.on('problem', (error) => {
    if (client.directory.unread?.error === error) tellUnread();
    else if (!isStateDamage(error)) tellOnce('problem', error, 'Something failed');
  });
  client.on('badReceipt', ({ error }) => tellOnce('bad-receipt', error, 'A receipt was not believed'));
}
