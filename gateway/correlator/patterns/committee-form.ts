/** What a pattern must tell the people who answer for it, beyond what is needed to run it. */
import { z } from 'zod';
import { isSubject } from './compile-rules.ts';
import { levelForm } from './document-schema.ts';
import type { CorrelationRuleDocument } from './documents.ts';
import { fewestEvents } from '../evaluate/fewest-events.ts';
import { holds, horizonOf, levels, type Correlation, type Pattern } from './pattern.ts';

/** Ten years. */
const mostDays = 3660;
const dayMs = 86_400_000;

type Report = (document: CorrelationRuleDocument, path: readonly PropertyKey[], message: string) => void;

const needed = {
  id: 'is missing; give a UUID, which stays the same over all versions',
  status: 'is missing; stable, test or experimental',
  description: 'is missing; say in a few sentences what it looks for and why',
  author: 'is missing',
  references: 'is missing; name the published rationale',
  date: 'is missing; the day on which it was written',
  falsepositives: 'is missing; say when it will be wrong',
  level: 'is missing; consider or suspect',
  version: 'is missing; 1 for a new pattern',
  fixtures: 'is missing; give at least one example that alerts and one that does not',
} as const;

/**
 * Reports every pattern that does not explain itself, or that lets one agency alone raise an alert unexplained.
 * @param broken files with problems of their own: what such a one amounts to says nothing of what its author meant
 */
export function checkCommitteeForm(
  patterns: ReadonlyMap<Pattern, CorrelationRuleDocument>,
  broken: ReadonlySet<string>,
  report: Report,
): void {
  for (const [pattern, document] of patterns) {
    const { content } = document;
    for (const [key, message] of Object.entries(needed)) {
      if (content[key as keyof typeof needed] === undefined) report(document, [], `\`${key}\` ${message}`);
    }
    if (content.id !== undefined && !z.uuid().safeParse(content.id).success) {
      report(document, ['id'], '`id` must be a UUID');
    }
    if (content.level !== undefined && !levels.some((level) => level === content.level)) {
      report(document, ['level'], `\`level\` ${levelForm}`);
    }
    if (!(content.correlation['group-by'] ?? []).some(isSubject)) {
      report(
        document,
        ['correlation', 'group-by'],
        '`group-by` must have `subject`: a pattern is about one child',
      );
    }
    checkFixtures(document, report);
    if (broken.has(document.file)) continue;
    checkIndependence(pattern, document, report);
    checkWeights(document, report);
    checkEscalationStep(pattern, document, report);
    checkReach(pattern, document, report);
  }
}

function checkFixtures(document: CorrelationRuleDocument, report: Report): void {
  const { fixtures } = document.content;
  if (fixtures === undefined) return;
  if (!fixtures.some(({ alerts }) => alerts.length > 0)) {
    report(document, ['fixtures'], 'no fixture raises an alert');
  }
  if (!fixtures.some(({ alerts }) => alerts.length === 0)) {
    report(document, ['fixtures'], 'no fixture shows what must not raise an alert');
  }
}

function checkIndependence(pattern: Pattern, document: CorrelationRuleDocument, report: Report): void {
  const isIndependent = needsTwoAgencies(pattern.correlation);
  if (!isIndependent && pattern.singleAgency === undefined) {
    report(
      document,
      ['correlation'],
      'one agency alone could raise this alert: ask for `agencies: 2`, or give the reason in `single-agency`',
    );
  }
  if (isIndependent && pattern.singleAgency !== undefined) {
    report(document, ['single-agency'], 'this pattern needs two agencies anyway');
  }
}

/** A rule without a weight would count one, which a misspelt or forgotten one must not. */
function checkWeights(document: CorrelationRuleDocument, report: Report): void {
  const { rules, weights } = document.content.correlation;
  if (weights === undefined) return;
  for (const name of rules.filter((rule) => weights.rules[rule] === undefined)) {
    report(
      document,
      ['correlation', 'weights', 'rules'],
      `\`${name}\` has no weight; give 1 where it counts in full`,
    );
  }
}

/** Where whatever satisfies the pattern reaches the higher level as well, nobody is ever told the lower one. */
function checkEscalationStep(
  { correlation, escalation }: Pattern,
  document: CorrelationRuleDocument,
  report: Report,
): void {
  if (escalation === undefined) return;
  const { agencies, events, sourceCap } = escalation;
  const say = (key: string): void =>
    report(
      document,
      ['escalation', key],
      `\`escalation.${key}\` is reached by all that satisfies the pattern, so its own \`level\` would never be told`,
    );
  if (agencies !== undefined && agencies <= fewestAgencies(correlation)) say('agencies');
  if (events !== undefined && sourceCap === undefined && events <= fewestEvents(correlation)) say('events');
}

/** Agencies that whatever satisfies a correlation has at least. */
function fewestAgencies(correlation: Correlation): number {
  return needsTwoAgencies(correlation) && correlation.agencies < 2
    ? fewestEvents(correlation)
    : correlation.agencies;
}

function checkReach(pattern: Pattern, document: CorrelationRuleDocument, report: Report): void {
  const days = Math.ceil(horizonOf(pattern) / dayMs);
  if (days <= mostDays) return;
  const message = `looks ${days} days back, with \`lateness\` and \`within\`; at most ${mostDays}, for all notices of so long are held in memory`;
  report(document, ['correlation', 'timespan'], message);
}

/** One agency alone has as many values of `agency` and `category` together as it has categories. */
function needsTwoAgencies({ agencies, type, fields, condition }: Correlation): boolean {
  const countsAgencies = type === 'value_count' && fields.every((field) => field === 'agency');
  return agencies >= 2 || (countsAgencies && !holds(condition, 1));
}
