/** `causeway dataset show`. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { showable, showableLine } from '../../terminal/paint.ts';
import { wrapText } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { addSourceOptions, findDataset, openRegistry, type SourceFlags } from './dataset-source.ts';

type Flags = SourceFlags & { readonly schema?: true };

export function registerDatasetShow(dataset: ProgramCommand, terminal: Terminal): void {
  const command = dataset
    .command('show')
    .summary('explain the fields of a data set')
    .description('Explains a data set field by field. An asterisk marks what a document must have.')
    .argument('<name>', 'NAME for its latest version, or NAME/VERSION')
    .option('--schema', 'print the JSON Schema itself');
  addSourceOptions(command)
    .examples(['causeway dataset show concern-report', ''])
    .action(async (name: string, flags: Flags) => {
      const registry = await openRegistry(flags, terminal);
      const urn = findDataset(registry, name);
      if (flags.schema === true) {
        const schema = registry.schema(urn);
        if (terminal.wantsJson) terminal.json(schema);
        else terminal.print(JSON.stringify(schema, null, 2));
        return;
      }
      const description = registry.describe(urn);
      if (terminal.wantsJson) terminal.json({ type: 'dataset', ...description });
      else print(description, terminal);
    });
}

type Description = {
  readonly urn: string;
  readonly title: string;
  readonly description: string;
  readonly fields: readonly {
    readonly pointer: string;
    readonly title: string;
    readonly type: string;
    readonly required: boolean;
    readonly description: string;
  }[];
};

function print({ urn, title, description, fields }: Description, terminal: Terminal): void {
  const { paint, columns } = terminal;
  terminal.print(`${paint.strong(showableLine(title))}  ${paint.dim(urn)}`);
  for (const line of wrapText(showable(description), columns)) terminal.print(line);
  for (const field of fields) {
    const depth = field.pointer.split('/').filter((part) => part !== '*').length - 1;
    const indent = '  '.repeat(depth);
    if (depth === 1) terminal.print();
    const mark = field.required ? paint.warn('*') : '';
    terminal.print(
      `${indent}${paint.accent(showableLine(field.pointer))}${mark}  ${showableLine(field.title)}  ${paint.dim(showableLine(field.type))}`,
    );
    if (field.description === '') continue;
    for (const line of wrapText(showable(field.description), columns - indent.length - 4)) {
      terminal.print(`${indent}    ${line}`);
    }
  }
}
