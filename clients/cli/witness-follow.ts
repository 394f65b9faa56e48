/** `causeway witness follow`. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';

type Flags = { readonly origin?: string };

export function registerWitnessFollow(witness: ProgramCommand, terminal: Terminal): void {
  witness
    .command('follow')
    .summary('let a witness follow a log')
    .description('Adds a log to the settings of a witness, or a key to a log. It counts from the next start.')
    .argument('<dir>', 'the folder of the witness')
    .argument('<key>', 'a file with the verifier key of the log')
    .option('--origin <name>', "the log's name, where it is not that of its key")
    .examples(['causeway witness follow ./committee log.vkey', ''])
    .action((dir: string, file: string, flags: Flags) => follow(dir, file, flags, terminal));
}

async function follow(
  dir: string,
  file: string,
  { origin: named }: Flags,
  terminal: Terminal,
): Promise<void> {
  const [{ followLog }, { readVerifierKeys }, { formatVerifierKey }] = await Promise.all([
    import('../witness/witness-home.ts'),
    import('../audit/trusted-keys.ts'),
    import('../../protocol/proof/verifier-key.ts'),
  ]);
  const keys = await readVerifierKeys(file);
  const origin = named ?? keys[0]?.name ?? '';
  if (named === undefined && keys.some(({ name }) => name !== origin)) {
    throw usageError(`${file} holds keys of several logs; name the log with --origin.`);
  }
  await followLog(dir, origin, keys.map(formatVerifierKey));
  if (terminal.wantsJson) terminal.json({ type: 'followed', origin, keys: keys.length });
  else terminal.print(`${terminal.paint.good('follows')}  ${origin}`);
}
