/** `causeway pattern why-not`: why patterns did not alert about the child of a notice. */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { endpointAddress, usageError, wholeNumber } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { messageKey, type CorrelatorEvent } from '../correlator/event.ts';
import type { Pattern, Tier } from '../correlator/patterns/pattern.ts';
import type { Replay } from '../correlator/replay.ts';
import type { Explanation } from '../correlator/why-not.ts';
import type { Store } from '../store/port.ts';
import { countOf, eventCells, eventObject } from './alert-text.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import { notASubject } from './pattern-mistaken.ts';
import { messageId, nameOf, patternOption, pickPatterns, readPatternsInForce } from './pattern-reading.ts';
import { recordReading } from './record-reading.ts';

type Flags = GatewayFlags & {
  readonly pattern?: string;
  readonly subject: number;
  readonly from?: EndpointAddress;
};

/** A child's notices. */
type History = {
  readonly events: readonly CorrelatorEvent[];
  /** Keys of those that are only possibly about it. */
  readonly possible: ReadonlySet<string>;
};

/** What is known of the child, and what a pattern makes of it. */
type Silence = {
  readonly pattern: Pattern;
  readonly explanation: Explanation;
  /** How many alerts of this pattern rest on notices about this child. */
  readonly alerts: number;
};

const maxSubjects = 100;

export function registerPatternWhyNot(pattern: ProgramCommand, terminal: Terminal): void {
  pattern
    .command('why-not')
    .summary('show why there is no alert about the child of a notice')
    .description(
      'The gateway knows children by tokens only, so a child is named by any notice about it. Shows the notices that\n' +
        'are tied to it now, for certain or possibly, and for each pattern that looks at such notices the window that\n' +
        'came nearest and what it lacks. The reading is recorded first.',
    )
    .argument('<notice>', 'the id of a notice about the child', messageId)
    .option('--subject <n>', 'which subject of the notice, from 1', wholeNumber(1, maxSubjects), 1)
    .option('--from <address>', 'its sender, where another has used its id as well', endpointAddress)
    .addOption(patternOption())
    .option(...dirOption)
    .examples(
      ['causeway pattern why-not 01a20f42-46e2-70a2-9a5b-78dc6ab3799c', ''],
      ['causeway pattern why-not 01a20f42-46e2-70a2-9a5b-78dc6ab3799c --pattern three-agencies', ''],
    )
    .action((id: MessageId, flags: Flags) =>
      withGateway(gatewayFolder(flags.dir, terminal.env), async ({ home, store }) => {
        const { policy, patterns } = await readPatternsInForce(home.policiesDir);
        const asked = pickPatterns(patterns, flags.pattern);
        const { pattern: name, subject, from: source } = flags;
        await recordReading(store, 'audit.pattern-silence', { message: id, source, subject, pattern: name });
        const { reachOf, replay } = await import('../correlator/replay.ts');
        const now = Date.now();
        const told = await terminal.during('Telling history again', () =>
          replay(store, { patterns, agreement: policy, since: now - reachOf(patterns), until: now, now }),
        );
        await explain(id, asked, told, store, flags, terminal);
      }),
    );
}

async function explain(
  id: MessageId,
  patterns: readonly Pattern[],
  { correlator, alerts }: Replay,
  store: Pick<Store, 'readEvidence'>,
  { subject, from }: Flags,
  terminal: Terminal,
): Promise<void> {
  const { explainSilence } = await import('../correlator/why-not.ts');
  const senders = correlator.sendersOf(id);
  if (senders.length > 1 && (from === undefined || !senders.includes(from)))
    throw usageError(`Several senders used this id; name one of them with --from: ${senders.join(', ')}.`);
  const starOf = (tier: Tier): readonly CorrelatorEvent[] | undefined =>
    correlator.starsOf(id, tier, from)[subject - 1]?.entries.map(({ event }) => event);
  const certain = starOf('same');
  const all = starOf('possible');
  const named = correlator.starsOf(id, 'same', from).length;
  if (certain === undefined || all === undefined) throw await notASubject(store, id, subject, named);
  const sure = new Set(certain.map(messageKey));
  const possible = new Set(all.map(messageKey).filter((key) => !sure.has(key)));
  const silences: Silence[] = [];
  for (const pattern of patterns) {
    const history = pattern.link === 'same' ? certain : all;
    if (!history.some((event) => pattern.evidenceRules.some((rule) => rule.matches(event)))) continue;
    const known = new Set(history.map(messageKey));
    const own = alerts.filter((alert) => alert.pattern.key === pattern.key);
    silences.push({
      pattern,
      explanation: explainSilence(pattern, history, { possible, alerts: own }),
      alerts: own.filter(({ events }) => events.every((event) => known.has(messageKey(event)))).length,
    });
  }
  const history = { events: all, possible };
  if (terminal.wantsJson) print(history, silences, terminal);
  else {
    tell(history, silences, terminal);
    if (named > 1)
      terminal.hint(`The notice names ${named}; this is number ${subject}. Others: --subject N.`);
  }
}

function print({ events, possible }: History, silences: readonly Silence[], terminal: Terminal): void {
  const tierOf = (event: CorrelatorEvent): Tier => (possible.has(messageKey(event)) ? 'possible' : 'same');
  terminal.json({
    type: 'history',
    events: events.map((event) => ({ ...eventObject(event), tier: tierOf(event) })),
  });
  for (const { pattern, explanation, alerts } of silences) {
    const { isSatisfied, nearest, reasons, tooLate } = explanation;
    terminal.json({
      type: 'silence',
      pattern: nameOf(pattern.file),
      id: pattern.id,
      version: pattern.version,
      title: pattern.title,
      link: pattern.link,
      alerts,
      isSatisfied,
      reasons,
      count: nearest?.count ?? 0,
      gap: nearest?.gap ?? null,
      agenciesMissing: nearest?.agenciesMissing ?? null,
      rulesMissing: nearest?.rulesMissing ?? null,
      events: nearest?.events.map(({ id }) => id) ?? [],
      tooLate: tooLate.map(({ id }) => id),
    });
  }
}

function tell({ events, possible }: History, silences: readonly Silence[], terminal: Terminal): void {
  const { paint } = terminal;
  const tied = `${countOf(events.length, 'notice')} ${events.length === 1 ? 'is' : 'are'} tied to this child`;
  const unsure = possible.size === 0 ? '' : `, ${possible.size} of them only possibly`;
  terminal.print(paint.strong(tied + unsure));
  const mark = (event: CorrelatorEvent): string[] =>
    possible.has(messageKey(event)) ? ['possibly of this child'] : [];
  terminal.table(events.map((event) => [...eventCells(event), ...mark(event)]));
  for (const { pattern, explanation, alerts } of silences) {
    const narrow = pattern.link === 'same' && possible.size > 0 ? ', of what is certain only' : '';
    terminal.print(
      `\n${paint.strong(pattern.title)} (${nameOf(pattern.file)}, version ${pattern.version}${narrow})`,
    );
    if (alerts > 0) terminal.print(`  ${countOf(alerts, 'alert')} ${alerts === 1 ? 'was' : 'were'} raised`);
    for (const reason of explanation.reasons) terminal.print(`  ${reason}`);
  }
  if (silences.length === 0) terminal.print('\nNo pattern looks at any of them.');
}
