/** `causeway dataset validate`. */
import { limits } from '../../protocol/limits.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { parseJsonInput, readInput } from '../../terminal/input.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { addSourceOptions, findDataset, openRegistry, type SourceFlags } from './dataset-source.ts';

export function registerDatasetValidate(dataset: ProgramCommand, terminal: Terminal): void {
  const command = dataset
    .command('validate')
    .summary('check a document against a data set')
    .description(
      'Checks a JSON document against a data set. Each problem is a line FILE: POINTER: what to do, and never\n' +
        'repeats what the document says. Exit code 0 when it is in order, 2 otherwise.',
    )
    .argument('<name>', 'NAME for its latest version, or NAME/VERSION')
    .argument('<file>', 'the document, or - for stdin');
  addSourceOptions(command)
    .examples(['causeway dataset validate concern-report report.json', ''])
    .action(async (name: string, file: string, flags: SourceFlags) => {
      const registry = await openRegistry(flags, terminal);
      const urn = findDataset(registry, name);
      const document = parseJsonInput(file, await readInput(file, process.stdin, limits.maxPayloadBytes));
      const problems = registry.validate(urn, document, { namesUnknown: true });
      const shown = file === '-' ? 'stdin' : file;
      if (problems.length > 0) process.exitCode = exitCodes.invalid;
      if (terminal.wantsJson) {
        terminal.json({
          type: 'validation',
          file: shown,
          dataset: urn,
          valid: problems.length === 0,
          problems,
        });
        return;
      }
      for (const { at, message } of problems)
        terminal.print(showableLine(`${shown}: ${at === '' ? '(the whole)' : at}: ${message}`));
      if (problems.length === 0)
        terminal.print(`${terminal.paint.good('good')}  ${shown}  ${terminal.paint.dim(urn)}`);
      else
        terminal.hint(
          `${problems.length === 1 ? '1 problem' : `${problems.length} problems`}; see causeway dataset show ${name}`,
        );
    });
}
