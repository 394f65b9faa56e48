/** `causeway log acknowledge`: a person says that what was found wrong with the log was looked at. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { showLog } from './log-status.ts';
import { withClient, type OpenClient } from './open-client.ts';
import { hasOpenMatters, openMatters } from './open-matters.ts';

export function registerLogAcknowledge(log: ProgramCommand, terminal: Terminal): void {
  log
    .command('acknowledge')
    .summary('note that what was found wrong with the log was looked at')
    .description(
      'Notes, with the time, that a person has looked at all that `causeway log status` shows as wrong, and at changes\n' +
        'of your own entry that this home did not make. They stay there, and so does the evidence; only `causeway\n' +
        'status` shows them no more, and its --check ends with 1 for what is found from then on. Give the evidence to\n' +
        'the Committee first. A log that contradicts itself waits for `causeway log resume` all the same.',
    )
    .option(...homeOption)
    .examples(['causeway log acknowledge --home ./duty', ''])
    .action((flags: HomeFlags) =>
      withClient(homeFolder(flags, terminal), terminal, (open) => acknowledge(open, terminal)),
    );
}

async function acknowledge({ client }: OpenClient, terminal: Terminal): Promise<void> {
  if (!hasOpenMatters(client)) terminal.hint('Nothing was found wrong that is not acknowledged yet.');
  await client.log.acknowledge(openMatters(client));
  showLog(client, terminal);
}
