/** Problems of a policy folder as an operator reads them at start. */
import type { Problem } from '../../protocol/errors.ts';

const shown = 25;

/** `file:line:column  message`, one a line. */
export function describeProblems(dir: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const lines = problems.slice(0, shown).map((problem) => `  ${describePlace(problem)}  ${problem.message}`);
  if (problems.length > shown) lines.push(`  and ${problems.length - shown} more`);
  return [`${count} in ${dir}:`, ...lines].join('\n');
}

/** Problems in the order of files, lines and columns. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) => compare(a.at, b.at) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

function describePlace({ at, line, column }: Problem): string {
  return [at, line, column].filter((part) => part !== undefined).join(':');
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
