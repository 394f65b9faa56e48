/** `causeway pattern replay`: what patterns would have sent over stored history, and how two versions differ. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Alert } from '../correlator/alert.ts';
import type { Pattern } from '../correlator/patterns/pattern.ts';
import type { Difference, NearlyRaised, Replay } from '../correlator/replay.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Store } from '../store/port.ts';
import { alertCells, alertObject, countOf, nearMissCells, nearMissObject } from './alert-text.ts';
import { moment } from './audit-filters.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import { nameOf, patternOption, pickPatterns, readPatterns, readPatternsInForce } from './pattern-reading.ts';
import { isFolder } from './policy-folder.ts';
import { recordReading } from './record-reading.ts';

type Flags = GatewayFlags & {
  readonly since: number;
  readonly until?: number;
  readonly pattern?: string;
  readonly against?: string;
  readonly nearMisses?: true;
};

/** What is compared. */
type Sides = {
  readonly first: readonly Pattern[];
  readonly second: readonly Pattern[] | undefined;
  /** Names of those that only the first side has: all that they raise is raised no longer. */
  readonly dropped?: readonly string[];
};

export function registerPatternReplay(pattern: ProgramCommand, terminal: Terminal): void {
  pattern
    .command('replay')
    .summary('tell history again: alerts, near misses, the difference of two versions')
    .description(
      'Tells the notices of the store to the patterns in force, and shows the alerts that they raise. Sends nothing.\n' +
        'With --against, a version of the same pattern or a folder of drafts is told the same history, both as if in\n' +
        'force all the time, and what only one of them raises is shown. The reading is recorded first.',
    )
    .requiredOption('--since <time>', 'alerts from this time on, such as 30d or 2026-11-23', moment(false))
    .option('--until <time>', 'only notices accepted before this time', moment(true))
    .addOption(patternOption())
    .option('--against <version>', 'a version number (with --pattern), or a folder of patterns')
    .option('--near-misses', 'also what lacks one step to an alert, as history stands at the end')
    .option(...dirOption)
    .examples(
      ['causeway pattern replay --since 30d --near-misses', ''],
      ['causeway pattern replay --since 90d --pattern three-agencies --against 2', ''],
      ['causeway pattern replay --since 90d --against ./drafts', ''],
    )
    .action((flags: Flags) => {
      if (flags.until !== undefined && flags.since >= flags.until)
        throw usageError('The time of --since is not before that of --until: no notice lies between them.');
      return withGateway(gatewayFolder(flags.dir, terminal.env), async ({ home, store }) => {
        const { policy, patterns } = await readPatternsInForce(home.policiesDir);
        const sides = await chooseSides(patterns, policy, flags);
        const { since, until, pattern: name, against } = flags;
        await recordReading(store, 'audit.pattern-replay', { since, until, pattern: name, against });
        await replaySides(sides, policy, store, flags, terminal);
      });
    });
}

async function chooseSides(
  patterns: readonly Pattern[],
  policy: PolicySet,
  { pattern: name, against }: Flags,
): Promise<Sides> {
  const first = pickPatterns(patterns, name);
  if (against === undefined) return { first, second: undefined };
  const { alwaysInForce } = await import('../correlator/patterns/pattern.ts');
  if (!/^\d{1,9}$/.test(against)) {
    if (!isFolder(against)) {
      throw usageError(
        `There is no folder ${against}. --against takes a version number or a folder of patterns.`,
      );
    }
    const others = await readPatterns(against, policy);
    const second =
      name === undefined ? others : others.filter(({ id }) => first.some((one) => one.id === id));
    if (second.length === 0) throw usageError(`There is no such pattern in ${against}.`);
    const dropped = newestOf(first).filter(({ id }) => !second.some((one) => one.id === id));
    return {
      first: newestOf(first).map(alwaysInForce),
      second: newestOf(second).map(alwaysInForce),
      dropped: dropped.map(({ file }) => nameOf(file)),
    };
  }
  if (name === undefined) throw usageError('A version number needs --pattern: whose version is it?');
  const version = Number(against);
  const second = first.filter((one) => one.version === version);
  if (second.length === 0) {
    throw usageError(`There is no version ${version} of ${name}; there is ${versionsOf(first)}.`);
  }
  const others = newestOf(first.filter((one) => one.version !== version));
  if (others.length === 0) throw usageError(`${name} has no other version than ${version}.`);
  return { first: others.map(alwaysInForce), second: second.map(alwaysInForce) };
}

function versionsOf(patterns: readonly Pattern[]): string {
  return patterns.map(({ version }) => version).join(', ');
}

/** The highest version of each. */
function newestOf(patterns: readonly Pattern[]): readonly Pattern[] {
  return patterns.filter(
    ({ id, version }) => !patterns.some((other) => other.id === id && other.version > version),
  );
}

async function replaySides(
  { first, second, dropped = [] }: Sides,
  agreement: PolicySet,
  store: Pick<Store, 'readAcceptances'>,
  { since, until, nearMisses }: Flags,
  terminal: Terminal,
): Promise<void> {
  const { compareReplays, findNearMisses, replay } = await import('../correlator/replay.ts');
  const now = Date.now();
  const span = { since, until: until ?? now, now };
  const tell = (patterns: readonly Pattern[]): Promise<Replay> =>
    terminal.during('Telling history again', () => replay(store, { patterns, agreement, ...span }));
  const told = await tell(first);
  const misses = nearMisses === true ? findNearMisses(told, first) : undefined;
  if (second === undefined) {
    show(told, misses, terminal);
    return;
  }
  showDifference(compareReplays(told.alerts, (await tell(second)).alerts), terminal);
  if (dropped.length > 0) {
    terminal.hint(
      `Not there, so that all they raise counts as no longer raised: ${dropped.join(', ')}. Compare one with --pattern.`,
    );
  }
  if (misses !== undefined) showNearMisses(misses, terminal);
}

function show(
  { alerts, notices }: Replay,
  misses: readonly NearlyRaised[] | undefined,
  terminal: Terminal,
): void {
  if (terminal.wantsJson) {
    for (const alert of alerts) terminal.json({ type: 'alert', ...alertObject(alert) });
  } else terminal.table(alerts.map(alertCells));
  if (misses !== undefined) showNearMisses(misses, terminal);
  if (terminal.wantsJson) {
    terminal.json({ type: 'replay', notices, alerts: alerts.length, nearMisses: misses?.length ?? null });
  } else terminal.hint(`${countOf(alerts.length, 'alert')} over ${countOf(notices, 'notice')}.`);
}

function showNearMisses(misses: readonly NearlyRaised[], terminal: Terminal): void {
  if (terminal.wantsJson) {
    for (const miss of misses) terminal.json({ type: 'near-miss', ...nearMissObject(miss) });
    return;
  }
  // A notice that names neither of two twins completes as much with what is known of either: two windows, one line.
  const lines = new Map(misses.map(nearMissCells).map((cells) => [cells.join('\n'), cells]));
  terminal.print(terminal.paint.strong(`\nNear misses: ${lines.size}`));
  terminal.table([...lines.values()]);
}

function showDifference({ inBoth, onlyFirst, onlySecond }: Difference, terminal: Terminal): void {
  const sides = [
    ['first', '-', onlyFirst],
    ['second', '+', onlySecond],
  ] as const;
  if (terminal.wantsJson) {
    for (const [side, , alerts] of sides) {
      for (const alert of alerts) terminal.json({ type: 'only', side, ...alertObject(alert) });
    }
    const counts = { inBoth, onlyFirst: onlyFirst.length, onlySecond: onlySecond.length };
    terminal.json({ type: 'difference', ...counts });
    return;
  }
  const cells = (sign: string, alerts: readonly Alert[]): string[][] =>
    alerts.map((alert) => [sign, ...alertCells(alert)]);
  terminal.table(sides.flatMap(([, sign, alerts]) => cells(sign, alerts)));
  terminal.print(
    `${countOf(inBoth, 'alert')} in both, ${onlyFirst.length} no longer (-), ${onlySecond.length} new (+)`,
  );
}
