/** `causeway pattern precision`: how often each pattern was right, by what people answered. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Precision } from '../correlator/precision.ts';
import { percentOf, timeOf } from './alert-text.ts';
import { readAnswersToCome, tellAnswersToCome } from './answers-to-come.ts';
import { moment } from './audit-filters.ts';
import { readAudit } from './audit-reading.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';
import { readAlertLeaves } from './pattern-reading.ts';

type Flags = GatewayFlags & { readonly since?: number };

export function registerPatternPrecision(pattern: ProgramCommand, terminal: Terminal): void {
  pattern
    .command('precision')
    .summary('show how often each pattern was right, by what people answered')
    .description(
      'For each version of a pattern: its alerts, what people made of them, how many still wait for an answer, how many\n' +
        'wait for longer than the agreement allows, and its precision: the part of the answered alerts that was right\n' +
        '(acted, known). The reading is recorded first.',
    )
    .option(
      '--since <time>',
      'only alerts raised from this time on, such as 90d or 2026-11-23',
      moment(false),
    )
    .option(...dirOption)
    .examples(['causeway pattern precision --since 90d', ''])
    .action((flags: Flags) => {
      const since = flags.since ?? 0;
      return readAudit(flags, { kind: 'audit.alerts', since }, terminal, async (reading) => {
        const { measurePrecision } = await import('../correlator/precision.ts');
        const { alerts, answers } = await readAlertLeaves(reading, terminal);
        const asked = alerts.filter(({ firedAt }) => firedAt >= since);
        const figures = measurePrecision(asked, answers, Date.now());
        show(figures, since, terminal);
        const toCome = await readAnswersToCome(reading.store, answers);
        const ids = new Set(asked.map(({ message }) => message));
        const counted = [...ids].reduce((sum, alert) => sum + (toCome.counts.get(alert) ?? 0), 0);
        tellAnswersToCome(counted, toCome, terminal);
        if (terminal.wantsJson) terminal.json(totalOf(figures, since));
      });
    });
}

/** The last object: so a script knows an answer of nothing from none. */
function totalOf(figures: readonly Precision[], since: number): object {
  const raised = figures.reduce((sum, one) => sum + one.raised, 0);
  return { type: 'total', since: timeOf(since), patterns: figures.length, raised };
}

function show(figures: readonly Precision[], since: number, terminal: Terminal): void {
  if (terminal.wantsJson) {
    for (const one of figures) terminal.json({ type: 'precision', since: timeOf(since), ...one });
    return;
  }
  if (figures.length === 0) {
    terminal.hint('No alert was raised.');
    return;
  }
  const { paint } = terminal;
  const heads = [
    'PATTERN',
    'RAISED',
    'ACTED',
    'KNOWN',
    'NOT THIS CHILD',
    'NO CONCERN',
    'OPEN',
    'OVERDUE',
    'PRECISION',
  ];
  terminal.table([
    heads.map(paint.dim),
    ...figures.map(({ title, version, raised, answers, open, overdue, precision }) => [
      `${title} v${version}`,
      ...[raised, answers.acted, answers.known, answers['not-this-child'], answers['no-concern'], open].map(
        String,
      ),
      overdue > 0 ? paint.warn(String(overdue)) : '0',
      precision === null ? '–' : percentOf(precision),
    ]),
  ]);
}
