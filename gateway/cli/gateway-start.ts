/** `causeway gateway start`: runs a gateway until it is told to stop. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import { isCausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { listenAddress, portNumber } from '../../terminal/input.ts';
import { isPortTaken, portTakenAdvice } from '../../terminal/listening.ts';
import { interruptionOf, untilInterrupted } from '../../terminal/interruption.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { isMongodbAddress } from '../store/store-address.ts';
import { gatewayFolder } from './gateway-folder.ts';

type Flags = {
  readonly port?: number;
  readonly listen?: string;
  readonly store?: string;
  readonly logLevel: string;
};

export function registerGatewayStart(gateway: ProgramCommand, terminal: Terminal): void {
  gateway
    .command('start')
    .summary('run a gateway')
    .description(
      'Runs the gateway of a folder. The log goes to stdout: short lines on a terminal, JSON elsewhere.\n' +
        'Ctrl-C or SIGTERM drains it: sessions are told, answers finished, then it stops. A second one forces it.',
    )
    .argument('[dir]', "the gateway's folder (default: $CAUSEWAY_GATEWAY, or ./gateway-home)")
    .option('--port <n>', 'port, instead of the one in gateway.yaml; 0 lets the system choose', portNumber)
    .option('--listen <address>', 'address, instead of the one in gateway.yaml', listenAddress)
    .option(
      '--store <address>',
      'a file, or mongodb://…, for this start; other commands use the one in gateway.yaml',
    )
    .addOption(
      new Option('--log-level <level>', 'how much to log')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .examples(
      ['causeway gateway start', ''],
      [
        'causeway gateway start --store "mongodb://db1.example,db2.example,db3.example/?replicaSet=causeway"',
        '',
      ],
      ['causeway gateway start /srv/causeway --json >> gateway.log', ''],
    )
    .action((dir: string | undefined, flags: Flags) => startUntilStopped(dir, flags, terminal));
}

async function startUntilStopped(given: string | undefined, flags: Flags, terminal: Terminal): Promise<void> {
  const dir = gatewayFolder(given, terminal.env);
  const [{ startGateway }, { openGatewayHome }, { createGatewayLog }] = await Promise.all([
    import('../app.ts'),
    import('../home/gateway-home.ts'),
    import('./gateway-log.ts'),
  ]);
  const home = await openGatewayHome(dir, Date.now);
  const log = createGatewayLog(terminal, flags.logLevel);
  if (flags.store !== undefined && !isSameStore(flags.store, home.store)) {
    log.warn('not the store in gateway.yaml, which enrol-token and all other commands use');
  }
  await untilInterrupted(async (signal) => {
    const gateway = await startGateway({
      home,
      log,
      port: flags.port,
      host: flags.listen,
      store: flags.store,
    }).catch(adviseOnPort);
    if (terminal.isTTY && !terminal.wantsJson) {
      const { paint } = terminal;
      terminal.print(
        `${paint.good('ready')}  ${paint.strong(gateway.url)}   ${paint.dim('Ctrl-C stops it')}`,
      );
    }
    await interruptionOf(signal);
    await gateway.close();
  });
}

function adviseOnPort(error: unknown): never {
  if (!isCausewayError(error, 'configuration-invalid') || !isPortTaken(error.cause)) throw error;
  throw new AdvisedError(error.code, { detail: error.detail ?? '', advice: portTakenAdvice, cause: error });
}

/** @param inHome as the home gives it: a file is absolute */
function isSameStore(given: string, inHome: string): boolean {
  return given === inHome || (!isMongodbAddress(given) && resolve(given) === inHome);
}
