/** `causeway witness run`. */
import type { WitnessReply } from '../witness/witness.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { listenAddress, portNumber } from '../../terminal/input.ts';
import { interruptionOf, untilInterrupted } from '../../terminal/interruption.ts';
import { startListening } from '../../terminal/listening.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';

type Flags = { readonly listen?: string; readonly port?: number };

export function registerWitnessRun(witness: ProgramCommand, terminal: Terminal): void {
  witness
    .command('run')
    .summary('run a witness')
    .description(
      'Answers requests for cosignatures until Ctrl-C or SIGTERM. What it cosigns is on the disk before it answers.\n' +
        'A request that the log has signed and that contradicts what was cosigned before is kept as evidence.',
    )
    .argument('<dir>', 'the folder of the witness')
    .option('--listen <address>', 'address, instead of the one in witness.json', listenAddress)
    .option('--port <n>', 'port, instead of the one in witness.json; 0 lets the system choose', portNumber)
    .examples(['causeway witness run ./committee', ''])
    .action((dir: string, flags: Flags) => run(dir, flags, terminal));
}

async function run(dir: string, flags: Flags, terminal: Terminal): Promise<void> {
  const [{ openWitnessHome }, { WitnessStore }, { Witness }, { startWitnessServer }, { formatVerifierKey }] =
    await Promise.all([
      import('../witness/witness-home.ts'),
      import('../witness/witness-store.ts'),
      import('../witness/witness.ts'),
      import('../witness/witness-server.ts'),
      import('../../protocol/proof/verifier-key.ts'),
    ]);
  const home = await openWitnessHome(dir);
  const { settings, cosigner, logs, tls } = home;
  const store = new WitnessStore(home.storePath);
  try {
    await untilInterrupted(async (signal) => {
      const { listen = settings.listen, port = settings.port } = flags;
      const server = await startListening(listen, port, () =>
        startWitnessServer({
          witness: new Witness({ cosigner, logs, store, now: Date.now }),
          ...{ listen, port },
          ...(tls === undefined ? {} : { tls }),
          onReply: (reply) => tellReply(reply, terminal),
          onFailure: (error) => void terminal.fail(error),
        }),
      );
      const verifierKey = formatVerifierKey(cosigner.verifierKey);
      if (terminal.wantsJson)
        terminal.json({ type: 'ready', url: server.url, name: settings.name, verifierKey });
      else
        terminal.print(`${terminal.paint.good('ready')}  ${server.url}  ${terminal.paint.dim(verifierKey)}`);
      await interruptionOf(signal);
      await server.close();
    });
  } finally {
    store.close();
  }
}

function tellReply({ status, origin, size, body }: WitnessReply, terminal: Terminal): void {
  if (terminal.wantsJson) {
    terminal.json({
      ...{ type: status === 200 ? 'cosigned' : 'refused', status },
      ...(origin === undefined ? {} : { origin }),
      ...(size === undefined ? {} : { size }),
    });
    return;
  }
  const { paint } = terminal;
  if (status === 200)
    terminal.print(`${paint.good('cosigned')}  ${showableLine(origin ?? '')}  ${size ?? 0}`);
  // To be told the size is how a log begins to ask.
  else if (size === undefined)
    terminal.print(`${paint.bad(`refused ${status}`)}  ${showableLine(body.trim())}`);
}
