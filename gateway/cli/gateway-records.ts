/** `causeway gateway records`: what the leaves of the audit log stand for, line by line. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { wholeNumber } from '../../terminal/input.ts';
import { untilInterrupted } from '../../terminal/interruption.ts';
import { jsonLine } from '../../terminal/json-line.ts';
import { showableLine } from '../../terminal/paint.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { tamperingRemarks } from '../audit/tampering-words.ts';
import type { Store, StoredLeaf } from '../store/port.ts';
import { gatewayFolder, withGateway } from './gateway-folder.ts';
import { recordReading } from './record-reading.ts';
import { tellUnchecked } from './tell-unchecked.ts';

type Flags = { readonly from: number; readonly follow?: true; readonly kind?: string };

const pageSize = 500;
const pollMs = 500;

export function registerGatewayRecords(gateway: ProgramCommand, terminal: Terminal): void {
  gateway
    .command('records')
    .summary('read the record of what happened')
    .description(
      'Prints what the audit log records: acceptances, refusals, enrolments, revocations, faults. It holds codes,\n' +
        'ids and times, never content. Works while the gateway runs. The reading itself is recorded first.',
    )
    .argument('[dir]', "the gateway's folder (default: $CAUSEWAY_GATEWAY, or ./gateway-home)")
    .option('--from <n>', 'index of the first line', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--kind <kind>', 'only lines of this kind, such as message.refused')
    .option('--follow', 'go on until Ctrl-C')
    .examples(
      ['causeway gateway records --follow', ''],
      ['causeway gateway records --json --kind message.refused', ''],
    )
    .action((given: string | undefined, flags: Flags) =>
      untilInterrupted((signal) =>
        withGateway(gatewayFolder(given, terminal.env), async ({ home, store }) => {
          await recordReading(store, 'audit.records-read', { from: flags.from, of: flags.kind ?? 'all' });
          const { PublishedLog } = await import('./published-log.ts');
          const leaves = await new PublishedLog(home, store).leavesOf(store, (unchecked) =>
            tellUnchecked(unchecked, terminal),
          );
          await printRecords(leaves, flags, terminal, signal);
        }),
      ),
    );
}

async function printRecords(
  store: Pick<Store, 'readLeaves'>,
  { from, follow, kind }: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  let next = from;
  let found = 0;
  while (!signal.aborted) {
    const leaves = await store.readLeaves(next, pageSize);
    for (const leaf of leaves) {
      if (kind !== undefined && leaf.entry.kind !== kind) continue;
      await terminal.deliver(`${lineOf(leaf, terminal)}\n`);
      found++;
    }
    next = (leaves.at(-1)?.index ?? next - 1) + 1;
    if (leaves.length > 0) continue;
    if (follow === undefined) {
      if (found === 0) terminal.hint(nothingFound(from, kind));
      return;
    }
    // An interruption ends it early; the loop sees it.
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

/** So that a misspelt kind is not taken for a quiet record. */
function nothingFound(from: number, kind: string | undefined): string {
  const kinds = kind === undefined ? '' : ` of the kind ${showableLine(kind)}`;
  return `No line${kinds} was found from index ${from} on.`;
}

function lineOf({ index, at, entry, tampered }: StoredLeaf, terminal: Terminal): string {
  const time = new Date(at).toISOString();
  const { kind, ...fields } = entry;
  if (terminal.wantsJson) return jsonLine({ type: 'record', index, at: time, kind, ...fields, tampered });
  const { paint } = terminal;
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  if (tampered !== undefined)
    return `${String(index).padStart(6)}  ${paint.dim(timeText(at))}  ${kind}  ${paint.bad(tamperingRemarks[tampered])}`;
  const words = kind.includes('refused') || kind.includes('error') ? paint.warn(kind) : kind;
  return `${String(index).padStart(6)}  ${paint.dim(timeText(at))}  ${words}  ${showableLine(rest.join(' '))}`.trimEnd();
}
