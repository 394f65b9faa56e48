/** Patterns from text, as a folder would give them. */
import { expect } from 'vitest';
import type { Problem } from '../../../protocol/errors.ts';
import { parsePatterns, type PatternOptions } from '../../../gateway/correlator/patterns/load.ts';
import type { Pattern } from '../../../gateway/correlator/patterns/pattern.ts';
import type { CorrelatorEvent } from '../../../gateway/correlator/event.ts';

const words: PatternOptions['words'] = new Map([
  ['category', new Set(['a', 'b', 'c', 'd'])],
  ['group', new Set(['sign'])],
]);

/** The patterns of files that must be sound. */
export function patternsOf(
  files: Readonly<Record<string, string>>,
  form: PatternOptions['form'] = 'sigma',
): readonly Pattern[] {
  const problems: Problem[] = [];
  const set = parsePatterns(
    Object.entries(files).map(([name, text]) => ({ name, text })),
    { form, words },
    problems,
  );
  expect(problems).toEqual([]);
  return set?.patterns ?? [];
}

/** The problems of one file, as `line: message`. */
export function problemsOf(text: string, form: PatternOptions['form'] = 'sigma'): string[] {
  const problems: Problem[] = [];
  parsePatterns([{ name: 'one.yaml', text }], { form, words }, problems);
  return problems.map(({ at, line, message }) => `${at}:${line ?? ''}: ${message}`);
}

export const dayMs = 86_400_000;

/** An event of day `day`; it arrives at once. */
export function eventOn(
  day: number,
  category: string,
  source = 'police/hub',
  more: Partial<CorrelatorEvent> = {},
): CorrelatorEvent {
  const time = Date.parse('2026-01-01T00:00:00.000Z') + Math.round(day * dayMs);
  return {
    id: `${category}-${source}-${day}`,
    time,
    arrived: time,
    source,
    category,
    severity: 'concern',
    ...more,
  };
}
