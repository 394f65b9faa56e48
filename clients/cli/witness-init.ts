/** `causeway witness init`. */
import { shellWord } from '../../files/shell-word.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { listenAddress, portNumber } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';

type Flags = {
  readonly name: string;
  readonly log?: readonly string[];
  readonly listen: string;
  readonly port: number;
};

export function registerWitnessInit(witness: ProgramCommand, terminal: Terminal): void {
  witness
    .command('init')
    .summary('make a witness: its key, its settings, its memory')
    .description(
      'Makes a new folder with the key of a witness (mode 0600), its settings and the memory of what it has\n' +
        'cosigned. Hand witness.vkey to whoever is to trust it. It never writes over anything.',
    )
    .argument('<dir>', 'the folder to make')
    .requiredOption('--name <name>', 'name of the witness, such as witness.example.org/committee')
    .option('--log <file...>', 'verifier keys of the logs to follow')
    .option('--listen <address>', 'address to listen on', listenAddress, '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 lets the system choose', portNumber, 8445)
    .examples(
      ['causeway witness init ./committee --name witness.example.org/committee --log log.vkey', ''],
      ['causeway witness run ./committee', 'what comes next'],
    )
    .action((dir: string, flags: Flags) => initWitness(dir, flags, terminal));
}

async function initWitness(dir: string, flags: Flags, terminal: Terminal): Promise<void> {
  const [{ createWitnessHome }, { readVerifierKeys }, { formatVerifierKey }] = await Promise.all([
    import('../witness/witness-home.ts'),
    import('../audit/trusted-keys.ts'),
    import('../../protocol/proof/verifier-key.ts'),
  ]);
  const { name, log = [], listen, port } = flags;
  const keys = (await Promise.all(log.map(readVerifierKeys))).flat();
  const origins = [...new Set(keys.map((key) => key.name))];
  const logs = origins.map((origin) => ({
    origin,
    keys: keys.filter((key) => key.name === origin).map(formatVerifierKey),
  }));
  const home = await createWitnessHome(dir, { name, listen, port, logs });
  const verifierKey = formatVerifierKey(home.cosigner.verifierKey);
  if (terminal.wantsJson) {
    terminal.json({ type: 'witness', dir: home.dir, name, verifierKey, logs: origins });
    return;
  }
  const { paint } = terminal;
  terminal.print(`${paint.good('made')}  ${home.dir}`);
  terminal.table([
    ['  witness.json', 'settings and the logs that it follows'],
    ['  witness.key', 'its key; it signs nothing but checkpoints'],
    ['  witness.vkey', verifierKey],
    ['  witness.db', 'what it has cosigned; never restore an older copy of it'],
  ]);
  terminal.print();
  terminal.print(paint.strong('Next'));
  if (origins.length === 0) terminal.print(`  ${terminal.command} witness follow ${shellWord(dir)} LOG.VKEY`);
  terminal.print(`  ${terminal.command} witness run ${shellWord(dir)}`);
}
