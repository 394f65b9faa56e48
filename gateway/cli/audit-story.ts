/** `causeway audit story`: the account of a case in plain words, each sentence with its leaf. */
import { CausewayError } from '../../protocol/errors.ts';
import { messageIdSchema } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { matching } from '../../terminal/input.ts';
import { showableLine } from '../../terminal/paint.ts';
import { wrapText } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { StoryWords } from '../audit/story-teller.ts';
import { clockOf, dayOf } from '../audit/story-time.ts';
import type { CaseId, Store, StoredLeaf } from '../store/port.ts';
import { readAudit, type AuditReading } from './audit-reading.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';

export function registerAuditStory(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('story')
    .summary('tell what happened in a case, in plain words')
    .description(
      'Tells who sent what to whom and why, when it arrived, was stored, expired or was refused, and who read the\n' +
        'record: a sentence for each leaf, with its index. Content is not in the log. The reading is recorded first.',
    )
    .argument('<case>', 'the case: the `thread` of its notices', matching(messageIdSchema))
    .option(...dirOption)
    .examples(['causeway audit story 01a20f42-46e2-70a2-9a5b-78dc6ab3799c', ''])
    .action(async (id: CaseId, flags: GatewayFlags) => {
      await readAudit(flags, { kind: 'audit.story', case: id }, terminal, (reading) =>
        tell(id, reading, terminal),
      );
    });
}

/** Characters before the text of a sentence, which the time of day fills. */
const margin = 12;

async function tell(
  id: CaseId,
  { home, store, leaves: source, index, leaf }: AuditReading,
  terminal: Terminal,
): Promise<void> {
  const { tellCase } = await import('../audit/case-story.ts');
  const { readRefusalCodes } = await import('../audit/refusal-codes.ts');
  const sentences = await terminal.during('Reading the leaves of the case', async () => {
    const found = await index.findAll({ case: [id], before: leaf });
    if (found.length === 0) throw new CausewayError('case-unknown');
    const leaves = await readEach(source, found);
    const refusals = await readRefusalCodes(store, leaves);
    return tellCase(id, leaves, await readWords(home.policiesDir), refusals);
  });
  if (terminal.wantsJson) {
    for (const { leaf: at, ...rest } of sentences) {
      terminal.json({ type: 'sentence', leaf: at, at: new Date(rest.at).toISOString(), text: rest.text });
    }
    return;
  }
  terminal.print(
    `${terminal.paint.strong(`The case ${id}`)}  ${terminal.paint.dim('all times are Scottish')}`,
  );
  let day = '';
  for (const { leaf: at, at: time, text } of sentences) {
    if (dayOf(time) !== day) terminal.print(`\n${(day = dayOf(time))}\n`);
    const lines = wrapText(showableLine(`${text} [leaf ${at}]`), terminal.columns - margin);
    for (const [nth, line] of lines.entries())
      terminal.print(`${nth === 0 ? `  ${clockOf(time)}  ` : ' '.repeat(margin)}${line}`);
  }
}

async function readEach(store: Pick<Store, 'readLeaves'>, indices: readonly number[]): Promise<StoredLeaf[]> {
  const leaves: StoredLeaf[] = [];
  for (const index of indices) leaves.push(...(await store.readLeaves(index, 1)));
  return leaves;
}

async function readWords(dir: string): Promise<StoryWords> {
  const { loadPolicySet } = await import('../policy/load.ts');
  const { agencies, categories, purposes } = await loadPolicySet(dir);
  return {
    agency: (id) => agencies.get(id)?.name ?? id,
    category: (id) => categories.get(id)?.title ?? id,
    purpose: (id) => purposes.get(id)?.title ?? id,
  };
}
