/** `causeway audit between`: that nothing was removed between two checkpoints, and what is missing otherwise. */
import { Readable } from 'node:stream';
import { CausewayError } from '../../protocol/errors.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { BetweenReport } from '../audit/between.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import type { Store } from '../store/port.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import type { NamedCheckpoint } from './named-checkpoint.ts';
import { recordReading } from './record-reading.ts';

/** No checkpoint comes from stdin. */
const nothing: AsyncIterable<Buffer> = Readable.from([]);

type Period = { readonly from: NamedCheckpoint; readonly to: NamedCheckpoint };

export function registerAuditBetween(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('between')
    .summary('prove that nothing was removed between two checkpoints')
    .description(
      'Proves that nothing was removed or changed between two checkpoints, and says who has cosigned them. Lists the\n' +
        "gaps in the senders' counts, the notices that nobody has stored or refused, and the agencies of which nothing\n" +
        'was heard. A checkpoint is given as a file, as a time, which stands for the one kept nearest to it, or as a number\n' +
        'of leaves. Exit code 2 when it is not proven, and 4 when it is consistent, but no witness has cosigned both\n' +
        'checkpoints, so that it is so by the word of the gateway alone. That you asked is recorded first.',
    )
    .argument('<from>', 'a file with a checkpoint, a time such as 2026-11-01 or 7d, or a number of leaves')
    .argument('<to>', 'the same; `now` for the newest checkpoint')
    .option(...dirOption)
    .examples(
      ['causeway audit between 2026-11-01 2026-11-30', ''],
      ['causeway audit between checkpoint-of-may now --json', ''],
    )
    .action((from: string, to: string, flags: GatewayFlags) => tell(from, to, flags, terminal));
}

async function tell(from: string, to: string, { dir }: GatewayFlags, terminal: Terminal): Promise<void> {
  const [{ loadPolicySet }, { reportBetween }, { showBetween }, { isWitnessed }] = await Promise.all([
    import('../policy/load.ts'),
    import('../audit/between.ts'),
    import('./between-words.ts'),
    import('./named-checkpoint.ts'),
  ]);
  await withGateway(gatewayFolder(dir, terminal.env), async ({ home, store }) => {
    const leaf = await recordReading(store, 'audit.between', { asked: { from, to } });
    const { period, witnesses, ...log } = await terminal.during('Looking for the checkpoints', () =>
      findPeriod(from, to, leaf, home, store),
    );
    const { agencies } = await loadPolicySet(home.policiesDir);
    const progress = terminal.progress('Counting');
    const report: BetweenReport = await reportBetween(period.from, period.to, {
      ...{ store, ...log, agencies: agencies.keys() },
      onProgress: (done) => progress.update(`Counting, leaf ${done} of ${period.to.size}`),
    }).finally(() => progress.end());
    if (!report.proven) process.exitCode = exitCodes.invalid;
    else if (![period.from, period.to].every(isWitnessed)) process.exitCode = exitCodes.unwitnessed;
    const words = { agency: (id: string) => agencies.get(id)?.name ?? id, witnesses };
    showBetween(period.from, period.to, report, words, terminal);
  });
}

/** @param leaf the leaf of this reading, which `now` includes */
async function findPeriod(from: string, to: string, leaf: number, home: GatewayHome, store: Store) {
  const [{ PublishedLog }, { readLogHistory }, { findCheckpoint }, { readInput }, { maxNoteBytes }] =
    await Promise.all([
      import('./published-log.ts'),
      import('../audit/log-history.ts'),
      import('./named-checkpoint.ts'),
      import('../../terminal/input.ts'),
      import('../../protocol/proof/note.ts'),
    ]);
  const log = new PublishedLog(home, store);
  const current = await log.cosignedCheckpoint(leaf + 1);
  const latest = await log.checkpointFor(leaf + 1);
  const sources = {
    trust: log.trust,
    past: await readLogHistory(home.checkpointsDir),
    ...{
      latest,
      current,
      read: log.read,
      now: Date.now(),
      readFile: (path: string) => readInput(path, nothing, maxNoteBytes),
    },
  };
  const period: Period = {
    from: await findCheckpoint(from, false, sources),
    to: await findCheckpoint(to, true, sources),
  };
  if (isTurned(period, latest.size)) {
    const detail = `The first checkpoint has ${period.from.size} leaves, the second only ${period.to.size}: give the older one first.`;
    throw new CausewayError('usage-invalid', { detail });
  }
  const witnesses = await log.lastCosigned(latest, sources.past);
  return { period, witnesses, read: log.read, size: latest.size };
}

/** False where the log itself went back, which is no mistake of whoever asks: the report says so. */
function isTurned({ from, to }: Period, publishedSize: number): boolean {
  const isBeyond = from.size > publishedSize;
  const wasEarlier = (from.keptAt ?? Infinity) < (to.keptAt ?? to.readAt ?? -Infinity);
  return from.size > to.size && !isBeyond && !wasEarlier;
}
