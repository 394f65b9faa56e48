/** From documents to rules: names resolved, detections compiled, correlations chained. */
import type { Problem } from '../../../protocol/errors.ts';
import { eventFieldOf, compileDetection, unknownField } from './detection.ts';
import { RuleDirectory, type CorrelationRuleDocument, type RuleDocument } from './documents.ts';
import { checkCorrelation } from './check-correlation.ts';
import type { BaseRule, Correlation, FieldRef, Rule, Weights } from './pattern.ts';
import { parseTimespan } from './timespan.ts';
import type { Words } from './words.ts';

/** Names under which patterns speak of the child itself. */
const subjectNames = new Set(['subject', 'subjectkey', 'subject_key', 'subject-key', 'subjectid', 'child']);

/** Sigma asks for lower case; a subject by any of its names is the subject. */
export function isSubject(name: string): boolean {
  return subjectNames.has(name.toLowerCase());
}

/** Compiles rules on demand, each once; faults go to `problems`. */
export class RuleCompiler {
  readonly #directory: RuleDirectory;
  readonly #words: Words;
  readonly #problems: Problem[];
  readonly #compiled = new Map<RuleDocument, Rule | 'under way'>();
  readonly #implicit = new Map<string, BaseRule>();
  /** True where a rule must use the agreement's words, and no others. */
  readonly areBinding: boolean;
  /** What a correlation names. Correlations among it do not alert by themselves. */
  readonly referred = new Set<RuleDocument>();

  /** @param words the agreement's words; `areBinding` when a rule must use no others */
  constructor(
    documents: readonly RuleDocument[],
    { words, areBinding }: { readonly words: Words; readonly areBinding: boolean },
    problems: Problem[],
  ) {
    this.#directory = new RuleDirectory(documents);
    this.#words = words;
    this.areBinding = areBinding;
    this.#problems = problems;
  }

  compile(document: RuleDocument): Rule | undefined {
    const known = this.#compiled.get(document);
    if (known === 'under way') return undefined;
    if (known !== undefined) return known;
    this.#compiled.set(document, 'under way');
    const rule = document.kind === 'base' ? this.#base(document) : this.#correlation(document);
    this.#compiled.set(document, rule);
    return rule;
  }

  /** The rules that a list of names means; an unknown name is a problem at its place. */
  resolve(document: CorrelationRuleDocument, names: readonly string[], path: readonly PropertyKey[]): Rule[] {
    return names.flatMap((name, index) => {
      const report = (message: string): void => this.report(document, [...path, index], message);
      const found = this.#directory.find(name, document.file);
      if (found.length > 1) report(`\`${name}\` could mean several rules; use an \`id\``);
      const [target] = found;
      if (target === undefined) return this.#implicitRule(name, report) ?? [];
      this.referred.add(target);
      const rule = this.compile(target);
      if (rule === undefined) report(`\`${name}\` leads back to this rule`);
      return rule ?? [];
    });
  }

  report(document: RuleDocument, path: readonly PropertyKey[], message: string): void {
    const place = document.source.positionOf(path);
    this.#problems.push({ at: document.file, ...place, message });
  }

  /** A name that no rule has may be a category or a group: then it selects just that. */
  #implicitRule(name: string, report: (message: string) => void): BaseRule | undefined {
    for (const field of ['category', 'group'] as const) {
      if (this.#words.get(field)?.has(name) !== true) continue;
      const rule = this.#implicit.get(name) ?? {
        kind: 'base',
        name,
        matches: (event): boolean => event[field] === name,
      };
      this.#implicit.set(name, rule);
      return rule;
    }
    const known = this.#directory.names;
    report(
      `there is no rule \`${name}\`, and no category of this name${known.length === 0 ? '' : `; rules are ${known.slice(0, 20).join(', ')}`}`,
    );
    return undefined;
  }

  #base(document: Extract<RuleDocument, { kind: 'base' }>): BaseRule {
    const { detection, name, title, id } = document.content;
    const matches = compileDetection(
      detection,
      (path, message) => this.report(document, ['detection', ...path], message),
      (path, field, value) => {
        const words = this.#words.get(field);
        if (!this.areBinding || words === undefined || words.has(value)) return;
        const list = [...words].join(', ');
        this.report(document, ['detection', ...path], `there is no ${field} \`${value}\`; there are ${list}`);
      },
    );
    return { kind: 'base', name: name ?? title ?? id ?? document.file, matches };
  }

  #correlation(document: CorrelationRuleDocument): Correlation {
    const { content } = document;
    const { correlation } = content;
    const rules = this.resolve(document, correlation.rules, ['correlation', 'rules']);
    const spanMs = parseTimespan(correlation.timespan) ?? 0;
    const fields = (correlation.condition?.field ?? []).flatMap(
      (name) => this.#field(document, name, rules, ['correlation', 'condition', 'field']) ?? [],
    );
    const groupBy = (correlation['group-by'] ?? []).flatMap((name, index) =>
      isSubject(name) ? [] : (this.#field(document, name, rules, ['correlation', 'group-by', index]) ?? []),
    );
    const compiled: Correlation = {
      kind: 'correlation',
      name: content.name ?? content.title,
      type: correlation.type,
      rules,
      groupBy,
      spanMs,
      condition: conditionOf(document),
      fields,
      agencies: correlation.agencies ?? 1,
      weights: this.#weights(document),
      sourceCap: correlation['source-cap'],
      isChained: rules.some((rule) => rule.kind === 'correlation'),
      reachMs: spanMs + Math.max(0, ...rules.map((rule) => (rule.kind === 'correlation' ? rule.reachMs : 0))),
    };
    checkCorrelation(document, compiled, (path, message) => this.report(document, path, message));
    return compiled;
  }

  #field(
    document: CorrelationRuleDocument,
    name: string,
    rules: readonly Rule[],
    path: readonly PropertyKey[],
  ): FieldRef | undefined {
    const { aliases, rules: names } = document.content.correlation;
    const alias = aliases?.[name];
    if (alias === undefined) {
      const field = eventFieldOf(name);
      if (field === undefined) this.report(document, path, unknownField(name));
      return field;
    }
    const meanings = Object.values(alias);
    if (meanings.length > 0 && meanings.every(isSubject)) return undefined;
    const byRule = new Map<Rule, NonNullable<ReturnType<typeof eventFieldOf>>>();
    for (const [ruleName, meaning] of Object.entries(alias)) {
      const place = ['correlation', 'aliases', name, ruleName];
      const rule = rules[names.indexOf(ruleName)];
      const field = eventFieldOf(meaning);
      if (!names.includes(ruleName)) {
        this.report(document, place, `\`${ruleName}\` is not one of this correlation's \`rules\``);
      }
      if (field === undefined) this.report(document, place, unknownField(meaning));
      if (rule !== undefined && field !== undefined) byRule.set(rule, field);
    }
    return byRule;
  }

  #weights(document: CorrelationRuleDocument): Weights | undefined {
    const { weights, rules } = document.content.correlation;
    if (weights === undefined) return undefined;
    for (const name of Object.keys(weights.rules)) {
      if (rules.includes(name)) continue;
      const path = ['correlation', 'weights', 'rules', name];
      this.report(document, path, `\`${name}\` is not one of this correlation's \`rules\``);
    }
    return {
      halfLifeMs: parseTimespan(weights['half-life']) ?? 1,
      byRule: rules.map((name) => weights.rules[name] ?? 1),
    };
  }
}

/** Without a condition, `temporal` and `temporal_ordered` need all of their rules. */
function conditionOf({ content: { correlation } }: CorrelationRuleDocument): Correlation['condition'] {
  const { field: _, ...bounds } = correlation.condition ?? {};
  const isTemporal = correlation.type === 'temporal' || correlation.type === 'temporal_ordered';
  return isTemporal && Object.keys(bounds).length === 0 ? { gte: correlation.rules.length } : bounds;
}
