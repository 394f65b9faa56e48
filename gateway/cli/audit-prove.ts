/** `causeway audit prove`: the evidence about one message, or the proof of one leaf, in one file. */
import { Option } from 'commander';
import { shellWord } from '../../files/shell-word.ts';
import { messageIdSchema } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { usageError, wholeNumber } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import type { AboutMessage } from './proof-reading.ts';

const formats = ['evidence', 'tlog-proof'] as const;

type Flags = GatewayFlags & {
  readonly out: string;
  readonly source?: string;
  readonly format?: (typeof formats)[number];
  readonly leaf?: number;
};

type Asked =
  | { readonly format: 'evidence'; readonly about: AboutMessage }
  | { readonly format: 'tlog-proof'; readonly about: AboutMessage | { readonly leaf: number } };

export function registerAuditProve(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('prove')
    .summary('write the evidence about a message, or the proof of a leaf, into a file')
    .description(
      'Writes what proves what became of a message: the envelope and the signatures of sender and recipients, the\n' +
        'decisions, the leaves of the log with their proofs, the directory entries, and a checkpoint. The file stands\n' +
        "without the gateway: `causeway audit verify FILE --key log.vkey`. The message's content is not in it.\n" +
        'With --format tlog-proof it is the proof of a single leaf, which other tools can check too (c2sp.org/tlog-proof):\n' +
        'of the one that says that the message was accepted or refused, or with --leaf of any.\n' +
        'That you asked is recorded first.',
    )
    .argument('[message]', "the message's id; none with --leaf")
    .requiredOption('-o, --out <file>', 'the new file to write; an existing one is left alone')
    .option('--source <endpoint>', 'its sender, where several have used the id')
    .addOption(new Option('--format <format>', 'what to write (default: evidence)').choices(formats))
    .option(
      '--leaf <index>',
      'prove this leaf of the log, in place of a message; the format is tlog-proof',
      wholeNumber(0, 10 ** 15 - 1),
    )
    .option(...dirOption)
    .examples(
      ['causeway audit prove 01a20f32-4500-7c51-9ec0-bdd45e9aa8c1 -o evidence.json', ''],
      ['causeway audit prove --leaf 41 -o leaf-41.tlog-proof', ''],
    )
    .action((message: string | undefined, flags: Flags) => prove(asked(message, flags), flags, terminal));
}

/** @throws CausewayError `usage-invalid` */
function asked(given: string | undefined, { leaf, format, source }: Flags): Asked {
  if (given === undefined && leaf === undefined)
    throw usageError('Name a message by its id, or a leaf by its index with --leaf.');
  if (leaf === undefined) {
    const message = messageIdSchema.safeParse(given);
    if (message.success) return { format: format ?? 'evidence', about: { message: message.data, source } };
    throw usageError(`${given} is no id of a message.`);
  }
  if (given !== undefined) throw usageError('Name a message or a leaf with --leaf, not both.');
  if (source !== undefined) throw usageError('--source is about a message, and --leaf names none.');
  if (format === 'evidence')
    throw usageError('Evidence is about a message: with --leaf the format is tlog-proof.');
  return { format: 'tlog-proof', about: { leaf } };
}

async function prove({ format, about }: Asked, { out, dir }: Flags, terminal: Terminal): Promise<void> {
  await withGateway(gatewayFolder(dir, terminal.env), async (gateway) => {
    if (format === 'evidence') {
      const { writeEvidence } = await import('./prove-evidence.ts');
      await writeEvidence(out, about, gateway, terminal);
    } else {
      const { writeLeafProof } = await import('./prove-leaf.ts');
      await writeLeafProof(out, about, gateway, terminal);
    }
    const ofDir = dir === undefined ? '' : ` --dir ${shellWord(dir)}`;
    terminal.hint(`  ${terminal.command} audit checkpoint${ofDir} --vkey > log.vkey`);
    terminal.hint(`  ${terminal.command} audit verify ${shellWord(out)} --key log.vkey`);
  });
}
