/** `causeway dataset list`. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { addSourceOptions, openRegistry, type SourceFlags } from './dataset-source.ts';

export function registerDatasetList(dataset: ProgramCommand, terminal: Terminal): void {
  const command = dataset
    .command('list')
    .summary('list the data sets')
    .description(
      'Lists the data sets of the sharing agreement, by which notices carry structured documents.',
    );
  addSourceOptions(command).action(async (flags: SourceFlags) => {
    const summaries = (await openRegistry(flags, terminal)).list();
    if (terminal.wantsJson) {
      for (const summary of summaries) terminal.json({ type: 'dataset', ...summary });
      return;
    }
    const { paint } = terminal;
    terminal.table(
      summaries.map(({ name, version, title }) => [paint.strong(`${name}/${version}`), showableLine(title)]),
    );
    terminal.hint(`One of them in full: ${terminal.command} dataset show NAME`);
  });
}
