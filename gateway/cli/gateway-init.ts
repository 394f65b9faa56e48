/** `causeway gateway init`: keys, certificates, settings and a copy of the sharing agreement in a new folder. */
import { fileURLToPath } from 'node:url';
import { Option } from 'commander';
import { shellWord } from '../../files/shell-word.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { listenAddress, portNumber } from '../../terminal/input.ts';
import { requireListenName } from '../../terminal/listening.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { urlOf } from '../http/listen.ts';
import { listenAddressFor } from './listen-address-for.ts';

type Flags = {
  readonly name: string;
  readonly host: readonly string[];
  readonly listen?: string;
  readonly port: number;
  readonly policies?: string;
};

const shippedPolicies = new URL('../../policies', import.meta.url);

export function registerGatewayInit(gateway: ProgramCommand, terminal: Terminal): void {
  gateway
    .command('init')
    .summary('make a gateway: its keys, its CA, its settings and policies')
    .description(
      'Makes a new folder with everything a gateway needs: an issuing CA, its keys for TLS, receipts and the audit\n' +
        'log (mode 0600; none of them can read a message), gateway.yaml, and the sharing agreement.\n' +
        'It never writes over anything. Without --host and --listen it can be reached from this computer only.',
    )
    .argument('<dir>', 'the folder to make')
    .option('--name <name>', 'name of the issuing CA, for people', 'Causeway gateway')
    .addOption(
      new Option('--host <host...>', 'names and addresses by which endpoints reach it').default(
        ['localhost', '127.0.0.1'],
        'localhost 127.0.0.1',
      ),
    )
    .option(
      '--listen <address>',
      'address to listen on (default: 127.0.0.1 when every --host is this computer itself, else 0.0.0.0; for an IPv6 address ::1 or ::)',
      listenAddress,
    )
    .option('--port <n>', 'port to listen on; 0 lets the system choose', portNumber, 8443)
    .option('--policies <dir>', 'the sharing agreement to copy (default: the one that comes with Causeway)')
    .examples(
      ['causeway gateway init ./gateway-home', 'for this computer only'],
      ['causeway gateway init /srv/causeway --host gateway.example.org --port 443', ''],
    )
    .action((dir: string, flags: Flags) => initGateway(dir, flags, terminal));
}

async function initGateway(dir: string, flags: Flags, terminal: Terminal): Promise<void> {
  if (flags.listen !== undefined) await requireListenName(flags.listen);
  const { initGatewayHome } = await import('../home/gateway-home.ts');
  const home = await initGatewayHome(dir, {
    name: flags.name,
    hosts: flags.host,
    host: flags.listen ?? listenAddressFor(flags.host),
    port: flags.port,
    policiesFrom: flags.policies ?? fileURLToPath(shippedPolicies),
    now: Date.now,
  });
  const { hosts, host: listen, port } = home.settings;
  if (terminal.wantsJson) {
    const fingerprint = home.authority.fingerprint;
    terminal.json({ type: 'gateway', dir: home.dir, hosts, port, caFingerprint: fingerprint });
    return;
  }
  const { paint } = terminal;
  terminal.print(`${paint.good('made')}  ${home.dir}`);
  terminal.table([
    ['  gateway.yaml', `settings; it listens on ${listen}`],
    ['  ca.key, ca.crt', 'the issuing CA; keep a copy of both in a safe place'],
    ['  tls.key, tls.crt', `for ${hosts.join(', ')}; the certificate renews itself`],
    ['  receipt.key', 'signs the receipts'],
    ['  log.key', 'signs the checkpoints of the audit log'],
    ['  audit.key', 'opens, with the store, what the leaves of the log stand for'],
    ['  correlator.key, .pgp, .asc', 'sign the alerts; none of them can read a message'],
    ['  policies/', 'the sharing agreement; who may send what to whom'],
  ]);
  terminal.print();
  terminal.print(paint.strong('Next'));
  const address = urlOf(hosts[0] ?? 'localhost', port === 0 ? 'PORT' : port);
  terminal.table([
    [
      `  ${terminal.command} gateway start ${shellWord(dir)}`,
      port === 0 ? 'starts it and says on which port' : `starts it on port ${port}`,
    ],
    [
      `  ${terminal.command} agency list --dir ${shellWord(dir)}`,
      'who takes part; `causeway agency add` adds one',
    ],
    [
      `  ${terminal.command} enrol-token AGENCY/ENDPOINT --dir ${shellWord(dir)}`,
      'a token, to be handed to one endpoint',
    ],
    [`  ${terminal.command} enrol --gateway ${address} --token TOKEN --home DIR`, 'there, once'],
  ]);
}
