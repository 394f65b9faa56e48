/** `causeway linkage-holder …`: one of the two who evaluate tokens, so that no agency can make them alone. */
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import { listenAddress, portNumber, usageError, wholeNumber } from '../../terminal/input.ts';
import { startListening } from '../../terminal/listening.ts';
import { isThisComputer } from '../../terminal/this-computer.ts';
import { interruptionOf, untilInterrupted } from '../../terminal/interruption.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { HolderServer } from '../linkage-holder/server.ts';
import { printInvitations, registerLinkageHolderClient } from './linkage-holder-client.ts';
import { registerLinkageHolderEpoch } from './linkage-holder-epoch.ts';
import { readTlsFiles } from './tls-files.ts';

type InitFlags = { readonly client: string[]; readonly epoch: number; readonly perHour: number };
type RunFlags = {
  readonly port: number;
  readonly host: string;
  readonly tlsKey?: string;
  readonly tlsCertificate?: string;
};

const defaultPort = 8444;
/** A busy agency's need: a hundred people an hour, at some fifty tokens each. */
const defaultPerHour = 5_000;

export function registerLinkageHolder(program: ProgramCommand, terminal: Terminal): void {
  const holder = program
    .command('linkage-holder')
    .helpGroup(sections.operate)
    .description(
      'One of two services that make tokens together (RFC 9497): each holds its own key, sees blinded values only,\n' +
        'limits how much a client may ask, and records every evaluation.',
    );
  holder
    .command('init <dir>')
    .summary('make the folder of a holder; prints each client its token, once')
    .description(
      'Makes the folder of one of two holders between whom the linkage key is split, so that nobody can try out names\n' +
        'alone. It prints a token for each client, once, and the public key that clients need.',
    )
    .requiredOption('--client <name...>', 'who may ask, such as nhs-lanarkshire/emergency')
    .option('--epoch <n>', 'number of the first epoch', wholeNumber(0, 1_000_000), 1)
    .option(
      '--per-hour <n>',
      'evaluations that a client may ask for in an hour',
      wholeNumber(1, 1e9),
      defaultPerHour,
    )
    .action((dir: string, flags: InitFlags) => init(dir, flags, terminal));
  holder
    .command('run <dir>')
    .summary('evaluate until it is stopped')
    .description(
      'Serves evaluations to the clients it knows, each within its hourly budget, until it is stopped. Every evaluation\n' +
        'is written to a chained audit file before it is answered. It learns neither names nor tokens.',
    )
    .option('--port <n>', 'port to listen on; 0 lets the system choose', portNumber, defaultPort)
    .option('--host <address>', 'address to listen on', listenAddress, '127.0.0.1')
    .option('--tls-key <file>', 'PEM; with --tls-certificate: speak HTTPS')
    .option('--tls-certificate <file>', 'PEM')
    .action((dir: string, flags: RunFlags) => run(dir, flags, terminal));
  registerLinkageHolderClient(holder, terminal);
  registerLinkageHolderEpoch(holder, terminal);
}

async function init(dir: string, flags: InitFlags, terminal: Terminal): Promise<void> {
  const { createHolderFolder } = await import('../linkage-holder/holder-folder.ts');
  const { client: clients, epoch, perHour: evaluationsPerHour } = flags;
  const invitations = await createHolderFolder(dir, { epochs: [epoch], clients, evaluationsPerHour });
  printInvitations(invitations, terminal);
}

async function run(dir: string, flags: RunFlags, terminal: Terminal): Promise<void> {
  const { tlsKey, tlsCertificate, port, host } = flags;
  if ((tlsKey === undefined) !== (tlsCertificate === undefined)) {
    throw usageError('--tls-key and --tls-certificate belong together.');
  }
  const tls =
    tlsKey === undefined || tlsCertificate === undefined
      ? {}
      : { tls: await readTlsFiles(tlsKey, tlsCertificate) };
  const { startHolder } = await import('../linkage-holder/server.ts');
  // From the start: a stop that comes as soon as it listens is an orderly one too.
  await untilInterrupted(async (signal) => {
    const server = await startListening(host, port, () => startHolder({ dir, port, host, ...tls }));
    try {
      announce(server, flags, terminal);
      await interruptionOf(signal);
    } finally {
      await server.close();
    }
  });
}

/** Says where it listens, and what the operator should know of that. */
function announce(
  { url, hasLostRecord }: HolderServer,
  { host, tlsKey }: RunFlags,
  terminal: Terminal,
): void {
  if (terminal.wantsJson)
    terminal.json({ type: 'listening', url, ...(hasLostRecord ? { hasLostRecord } : {}) });
  else terminal.print(`${terminal.paint.good('listening')}  ${url}`);
  if (tlsKey === undefined && !isThisComputer(host)) {
    terminal.hint(
      terminal.paint.warn(
        `It speaks plain HTTP on ${host}, which clients refuse: give --tls-key and --tls-certificate, or put TLS in front of it.`,
      ),
    );
  }
  if (hasLostRecord) {
    terminal.hint(
      terminal.paint.warn(
        'The record of this holder, audit.ndjson, was gone: another was begun, and every client’s hour begins anew.',
      ),
    );
  }
}
