/** From an outermost correlation document to the pattern that alerts. */
import type { RuleCompiler } from './compile-rules.ts';
import type { CorrelationRuleDocument } from './documents.ts';
import type { Absence, BaseRule, Correlation, Level, Pattern, Rule } from './pattern.ts';
import { parseTimespan } from './timespan.ts';

/** Late enough for a weekend, a holiday and an outbox that was offline. */
export const defaultLatenessMs = 60 * 86_400_000;
const dayMs = 86_400_000;

export function compilePattern(
  document: CorrelationRuleDocument,
  correlation: Correlation,
  compiler: RuleCompiler,
): Pattern {
  const { content, file, source } = document;
  const id = content.id ?? content.name ?? `${file}#${content.title}`;
  const version = content.version ?? 1;
  const absence = absenceOf(document, compiler);
  const evidence = content.suppression?.['new-evidence'] ?? ['agency', 'category'];
  return {
    id,
    version,
    key: `${id}@${version}`,
    name: content.name,
    title: content.title,
    description: content.description ?? '',
    status: content.status ?? 'experimental',
    level: levelOf(content.level),
    references: content.references ?? [],
    falsePositives: content.falsepositives ?? [],
    file,
    line: source.positionOf([]).line,
    correlation,
    absence,
    link: content.link ?? 'same',
    latenessMs: latenessOf(content.lateness, absence),
    suppression: {
      newAgency: evidence.includes('agency'),
      newCategory: evidence.includes('category'),
    },
    escalation: content.escalation && {
      level: content.escalation.level,
      agencies: content.escalation.agencies,
      events: content.escalation.events,
      severity: content.escalation.severity,
    },
    singleAgency: content['single-agency'],
    effective: {
      fromMs: dayOf(content.effective?.from) ?? -Infinity,
      untilMs: (dayOf(content.effective?.until) ?? Infinity) + dayMs,
    },
    evidenceRules: [...new Set(baseRulesOf(correlation))],
  };
}

function absenceOf(document: CorrelationRuleDocument, compiler: RuleCompiler): Absence | undefined {
  const { absent } = document.content;
  if (absent === undefined) return undefined;
  const rules = compiler.resolve(document, absent.rules, ['absent', 'rules']);
  if (rules.some(({ kind }) => kind === 'correlation')) {
    compiler.report(document, ['absent', 'rules'], 'must name rules for single events, not correlations');
  }
  return {
    rules: rules.filter((rule) => rule.kind === 'base'),
    withinMs: parseTimespan(absent.within) ?? 0,
    from: absent.from ?? 'last',
  };
}

/** Absence waits as long as it allows for lateness: three days unless the pattern says otherwise, not sixty. */
function latenessOf(given: string | undefined, absence: Absence | undefined): number {
  const parsed = given === undefined ? undefined : parseTimespan(given);
  return parsed ?? (absence === undefined ? defaultLatenessMs : defaultGraceMs);
}

const defaultGraceMs = 3 * dayMs;

function levelOf(level: string | undefined): Level {
  return level === 'suspect' || level === 'high' || level === 'critical' ? 'suspect' : 'consider';
}

function dayOf(day: string | undefined): number | undefined {
  return day === undefined ? undefined : Date.parse(`${day.replaceAll('/', '-')}T00:00:00.000Z`);
}

function baseRulesOf(rule: Rule): BaseRule[] {
  return rule.kind === 'base' ? [rule] : rule.rules.flatMap(baseRulesOf);
}
