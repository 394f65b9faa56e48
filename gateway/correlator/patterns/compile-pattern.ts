/** From an outermost correlation document to the pattern that alerts. */
import type { RuleCompiler } from './compile-rules.ts';
import type { CorrelationRuleDocument } from './documents.ts';
import {
  levels,
  type Absence,
  type BaseRule,
  type Correlation,
  type Level,
  type Pattern,
  type Rule,
} from './pattern.ts';
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
  const absences = absencesOf(document, compiler);
  const latenessMs = content.lateness === undefined ? undefined : parseTimespan(content.lateness);
  const isAbsence = absences.length > 0;
  checkEscalation(document, compiler);
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
    absences,
    link: content.link ?? 'possible',
    lateLimitMs: isAbsence ? defaultLatenessMs : (latenessMs ?? defaultLatenessMs),
    graceMs: isAbsence ? (latenessMs ?? defaultGraceMs) : 0,
    suppression: {
      newAgency: evidence.includes('agency'),
      newCategory: evidence.includes('category'),
    },
    escalation: content.escalation && {
      level: content.escalation.level,
      agencies: content.escalation.agencies,
      events: content.escalation.events,
      severity: content.escalation.severity,
      sourceCap: escalationCap(document),
    },
    singleAgency: content['single-agency'],
    effective: {
      fromMs: dayOf(content.effective?.from) ?? -Infinity,
      untilMs: (dayOf(content.effective?.until) ?? Infinity) + dayMs,
    },
    evidenceRules: [...new Set(baseRulesOf(correlation))],
  };
}

/**
 * What one agency may add to the events of an escalation. Unless the pattern says so, or why one agency is enough, no
 * agency adds more than half of them: to write often is in the power of one.
 */
function escalationCap({ content }: CorrelationRuleDocument): number | undefined {
  const { escalation, correlation } = content;
  const isOneEnough = content['single-agency'] !== undefined;
  const byDefault =
    escalation?.events === undefined || isOneEnough ? undefined : Math.max(1, escalation.events >> 1);
  return correlation['source-cap'] ?? byDefault;
}

/** A higher level, and something that leads to it: or more evidence would say less, or nothing more. */
function checkEscalation(document: CorrelationRuleDocument, compiler: RuleCompiler): void {
  const { escalation, level } = document.content;
  if (escalation === undefined) return;
  const own = levelOf(level);
  // Where Sigma's own levels are refused, one of them is that problem and no other.
  const isOther = compiler.areBinding && level !== undefined && !levels.some((known) => known === level);
  if (!isOther && levels.indexOf(escalation.level) <= levels.indexOf(own)) {
    const message = `\`escalation.level\` must be higher than the level of the pattern, ${own}`;
    compiler.report(document, ['escalation', 'level'], message);
  }
  const { agencies, events, severity } = escalation;
  if (agencies === undefined && events === undefined && severity === undefined) {
    const message = '`escalation` names nothing that raises the level: `agencies`, `events` or `severity`';
    compiler.report(document, ['escalation'], message);
  }
}

function absencesOf(document: CorrelationRuleDocument, compiler: RuleCompiler): Absence[] {
  return (document.content.absent ?? []).map(({ rules: names, within, from }, index) => {
    const rules = compiler.resolve(document, names, ['absent', index, 'rules']);
    if (rules.some(({ kind }) => kind === 'correlation')) {
      const message = 'must name rules for single events, not correlations';
      compiler.report(document, ['absent', index, 'rules'], message);
    }
    return {
      rules: rules.filter((rule) => rule.kind === 'base'),
      withinMs: parseTimespan(within) ?? 0,
      from: fromOf(document, compiler, from ?? 'last', ['absent', index, 'from']),
    };
  });
}

function fromOf(
  document: CorrelationRuleDocument,
  compiler: RuleCompiler,
  from: string,
  path: readonly PropertyKey[],
): Absence['from'] {
  if (from === 'first' || from === 'last') return from;
  const isOwn = document.content.correlation.rules.includes(from);
  const [rule] = isOwn ? compiler.resolve(document, [from], path) : [];
  if (rule?.kind === 'base') return rule;
  const message =
    "must be `first`, `last` or a rule for single events that is one of the correlation's `rules`";
  compiler.report(document, path, message);
  return 'last';
}

/** How long absence waits for late replies unless the pattern says otherwise. */
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
