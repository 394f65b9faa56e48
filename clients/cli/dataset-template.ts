/** `causeway dataset template`. */
import { shellWord } from '../../files/shell-word.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { writeResult } from '../../terminal/output-file.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { addSourceOptions, findDataset, openRegistry, type SourceFlags } from './dataset-source.ts';

type Flags = SourceFlags & { readonly out?: string };

export function registerDatasetTemplate(dataset: ProgramCommand, terminal: Terminal): void {
  const command = dataset
    .command('template')
    .summary('print a document to begin with')
    .description('Prints a document that matches the data set, with invented people, to be filled in.')
    .argument('<name>', 'NAME for its latest version, or NAME/VERSION')
    .option('--out <file>', 'write it to a new file; an existing one is left alone');
  addSourceOptions(command)
    .examples(['causeway dataset template concern-report --out report.json', ''])
    .action(async (name: string, flags: Flags) => {
      const registry = await openRegistry(flags, terminal);
      const document = registry.template(findDataset(registry, name));
      if (flags.out === undefined) {
        if (terminal.wantsJson) terminal.json(document);
        else terminal.print(JSON.stringify(document, null, 2));
        return;
      }
      const text = `${JSON.stringify(document, null, 2)}\n`;
      // What is filled in will be about a child: the file is for its owner only.
      await writeResult(flags.out, () => Promise.resolve(text));
      terminal.hint(
        `Written to ${flags.out}. Check it with: ${terminal.command} dataset validate ${name} ${shellWord(flags.out)}`,
      );
    });
}
