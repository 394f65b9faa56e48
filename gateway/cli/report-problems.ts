/** Problems of files as lines that an editor understands. */
import { join } from 'node:path';
import type { CausewayError, Problem } from '../../protocol/errors.ts';
import { placeOf } from '../../terminal/describe-failure.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** `advice  file:line:column: message` on stderr, or an object for each with `--json`: what may stay as it is. */
export function reportAdvice(advice: readonly Problem[], dir: string, terminal: Terminal): void {
  for (const one of advice) {
    const { at, line, column, message } = one;
    const file = join(dir, at);
    if (terminal.wantsJson) terminal.json({ type: 'advice', file, line, column, message });
    else terminal.hint(`advice  ${placeOf({ ...one, at: file })}: ${message}`);
  }
}

/** `file:line:column: message`, or an object for each with `--json`. */
export function reportProblems({ problems }: CausewayError, dir: string, terminal: Terminal): void {
  for (const problem of problems) {
    const { at, line, column, message } = problem;
    const file = join(dir, at);
    if (terminal.wantsJson) terminal.json({ type: 'problem', file, line, column, message });
    else terminal.print(`${placeOf({ ...problem, at: file })}: ${message}`);
  }
  terminal.hint(problems.length === 1 ? '1 problem' : `${problems.length} problems`);
}
