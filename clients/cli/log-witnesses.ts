/** `causeway log witnesses`: whose cosignatures this endpoint asks for. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { usageError, wholeNumber } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';

type Flags = HomeFlags & { readonly needed?: number };

export const maxWitnesses = 100;

export function registerLogWitnesses(log: ProgramCommand, terminal: Terminal): void {
  log
    .command('witnesses')
    .summary('name the witnesses that must have cosigned the log')
    .description(
      'Sets the witnesses whose keys this endpoint knows, in place of those before, and how many of them must have\n' +
        'cosigned a checkpoint before it is believed. Get the keys from their owners, not from the gateway. It counts\n' +
        'from the next start of the programs that use this home.',
    )
    .argument('[key...]', "files with the witnesses' verifier keys; none forgets all")
    .option(
      '--needed <n>',
      'how many must have cosigned (default: 1 where there are any)',
      wholeNumber(0, maxWitnesses),
    )
    .option(...homeOption)
    .examples(['causeway log witnesses committee.vkey nhs.vkey --needed 1 --home ./duty', ''])
    .action((paths: string[], flags: Flags) => setWitnesses(paths, flags, terminal));
}

async function setWitnesses(paths: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const home = homeFolder(flags, terminal);
  const { trustWitnesses } = await import('../sdk/log/witness-trust.ts');
  const { witnesses, names, witnessesNeeded } = await readWitnesses(paths, flags.needed);
  await trustWitnesses(home, witnesses, witnessesNeeded);
  if (terminal.wantsJson) {
    terminal.json({ type: 'witnesses', witnesses, needed: witnessesNeeded });
    return;
  }
  for (const name of names) terminal.print(`${terminal.paint.good('witness')}  ${name}`);
  terminal.print(`${witnessesNeeded} of ${names.length} must have cosigned a checkpoint.`);
}

/** The keys in files, and how many of them are needed. @throws CausewayError `log-unreadable`, `usage-invalid` */
export async function readWitnesses(
  paths: readonly string[],
  needed: number | undefined,
): Promise<{ witnesses: string[]; names: string[]; witnessesNeeded: number }> {
  const [{ readVerifierKeys }, { formatVerifierKey }] = await Promise.all([
    import('../audit/trusted-keys.ts'),
    import('../../protocol/proof/verifier-key.ts'),
  ]);
  const keys = (await Promise.all(paths.map(readVerifierKeys))).flat();
  const witnessesNeeded = needed ?? Math.min(1, keys.length);
  if (witnessesNeeded > keys.length) {
    throw usageError(`${witnessesNeeded} witnesses are needed, but only ${keys.length} are named.`);
  }
  return { witnesses: keys.map(formatVerifierKey), names: keys.map(({ name }) => name), witnessesNeeded };
}
