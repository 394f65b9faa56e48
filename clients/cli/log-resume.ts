/** `causeway log resume`: a person decides which of two logs counts. */
import { Option } from 'commander';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { showLog } from './log-status.ts';
import { withClient } from './open-client.ts';

type Flags = HomeFlags & { readonly keep?: true; readonly adopt?: true };

export function registerLogResume(log: ProgramCommand, terminal: Terminal): void {
  log
    .command('resume')
    .summary('go on sending after the log has contradicted itself')
    .description(
      'After a fork or a rollback nothing is sent, since nobody can tell from here which of the two logs the\n' +
        'Committee sees. Ask the Committee first, and give it the evidence that `causeway log status` names. Then say\n' +
        'which log is the right one. What waits in the outbox is sent; with --adopt, also what the gateway had accepted\n' +
        'and no recipient has answered, since it may have lost it.',
    )
    .addOption(
      new Option('--keep', 'the one verified before, to which the gateway has come back').conflicts('adopt'),
    )
    .option('--adopt', 'the one that the gateway shows now; every key is looked for in it anew')
    .option(...homeOption)
    .examples(['causeway log resume --keep --home ./duty', ''])
    .action((flags: Flags) => resume(flags, terminal));
}

async function resume({ keep, adopt, ...flags }: Flags, terminal: Terminal): Promise<void> {
  if (keep === undefined && adopt === undefined) {
    throw usageError('Say which log is the right one: --keep or --adopt.');
  }
  await withClient(homeFolder(flags, terminal), terminal, async ({ client, connection }) => {
    const check = (): Promise<void> => terminal.during('Checking the log', () => client.log.check());
    if (client.log.status().halt === undefined) {
      // What is found wrong stands in the status; where it is a contradiction, this endpoint did not know of it yet.
      if (connection.isConnected) await check().catch(() => undefined);
      if (client.log.status().halt === undefined)
        terminal.hint('The log has not contradicted itself; there is nothing to decide.');
    } else {
      await client.log.resume({ adopt: adopt === true });
      // The contradiction may still be there: then it is raised again, and nothing is sent.
      if (connection.isConnected) await check();
    }
    showLog(client, terminal);
  });
}
