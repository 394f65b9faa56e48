/** `causeway audit prove`: the evidence about one message in one file. */
import { shellWord } from '../../files/shell-word.ts';
import { messageIdSchema } from '../../protocol/ids.ts';
import { CausewayError } from '../../protocol/errors.ts';
import type { Evidence } from '../../protocol/audit/evidence.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { houseCase, type CaseId, type MessageEvidence, type Store, type Tampering } from '../store/port.ts';
import { isRetired } from '../store/retired-unit.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import { recordReading } from './record-reading.ts';

type Flags = GatewayFlags & { readonly out: string; readonly source?: string };

export function registerAuditProve(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('prove')
    .summary('write the evidence about a message into a file')
    .description(
      'Writes what proves what became of a message: the envelope and the signatures of sender and recipients, the\n' +
        'decisions, the leaves of the log with their proofs, the directory entries, and a checkpoint. The file stands\n' +
        "without the gateway: `causeway audit verify FILE --key log.vkey`. The message's content is not in it.\n" +
        'That you asked is recorded first.',
    )
    .argument('<message>', "the message's id")
    .requiredOption('-o, --out <file>', 'the new file to write; an existing one is left alone')
    .option('--source <endpoint>', 'its sender, where several have used the id')
    .option(...dirOption)
    .examples(['causeway audit prove 01a20f32-4500-7c51-9ec0-bdd45e9aa8c1 -o evidence.json', ''])
    .action((message: string, flags: Flags) => prove(message, flags, terminal));
}

/**
 * So that the story of the case tells of it. Nothing of this is shown. Where several senders have used the id, there is no
 * evidence, and the reading belongs to the case of none.
 */
async function caseOf(
  store: Store,
  [found, ...others]: readonly MessageEvidence[],
): Promise<{ case?: CaseId }> {
  const [leaf] = found === undefined || others.length > 0 ? [] : await store.readLeaves(found.record, 1);
  return leaf?.case === undefined || leaf.case === houseCase ? {} : { case: leaf.case };
}

function tamperedIn({ leaves }: Evidence, rewritten: readonly number[]): (readonly [number, Tampering])[] {
  return leaves.flatMap(({ index, altered }) => {
    const how = rewritten.includes(index) ? 'rewritten' : altered;
    return how === undefined ? [] : [[index, how] as const];
  });
}

async function prove(given: string, { out, source, dir }: Flags, terminal: Terminal): Promise<void> {
  const message = messageIdSchema.safeParse(given);
  if (!message.success)
    throw new CausewayError('usage-invalid', { detail: `${given} is no id of a message.` });
  const [
    { PublishedLog },
    { proveMessage, findRewritten },
    { formatEvidence },
    { writeResult },
    { lossInWords },
  ] = await Promise.all([
    import('./published-log.ts'),
    import('../audit/prove-message.ts'),
    import('../../protocol/audit/evidence.ts'),
    import('../../terminal/output-file.ts'),
    import('../audit/tampering-words.ts'),
  ]);
  await withGateway(gatewayFolder(dir, terminal.env), async ({ home, store }) => {
    const counts = { leaves: 0, receipts: 0 };
    let tampered: readonly (readonly [leaf: number, Tampering])[] = [];
    const payload = { retired: false };
    await writeResult(out, async () => {
      const found = (await store.readEvidence(message.data)).filter(
        (each) => source === undefined || each.source === source,
      );
      const about = { message: message.data, source, ...(await caseOf(store, found)) };
      payload.retired = found.some((each) => isRetired(each.unit));
      await recordReading(store, 'audit.proof-made', about);
      const evidence = await terminal.during('Collecting the evidence', () =>
        proveMessage(store, new PublishedLog(home, store), message.data, source),
      );
      counts.leaves = evidence.leaves.length;
      counts.receipts = evidence.receipts.length;
      tampered = tamperedIn(evidence, findRewritten(evidence));
      return formatEvidence(evidence);
    });
    if (tampered.length > 0) process.exitCode = exitCodes.invalid;
    if (terminal.wantsJson) {
      terminal.json({
        type: 'evidence',
        file: out,
        ...counts,
        payloadRetired: payload.retired,
        ...(tampered.length > 0 && { altered: tampered.map(([index]) => index) }),
      });
      return;
    }
    terminal.print(`${terminal.paint.good('written')}  ${out}`);
    if (payload.retired) {
      terminal.print('The payload was retired by the agreement; its digest in the envelope is what stands.');
    }
    for (const [index, how] of tampered)
      terminal.print(`${terminal.paint.bad('tampered')}  ${lossInWords(index, how)}`);
    terminal.hint(`It holds ${counts.leaves} leaves with their proofs. Next:`);
    const ofDir = dir === undefined ? '' : ` --dir ${shellWord(dir)}`;
    terminal.hint(`  ${terminal.command} audit checkpoint${ofDir} --vkey > log.vkey`);
    terminal.hint(`  ${terminal.command} audit verify ${shellWord(out)} --key log.vkey`);
  });
}
