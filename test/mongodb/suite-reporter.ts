/**
 * The last lines of a test run: how many tests of the store's contract passed on each engine, and whether the
 * MongoDB suite ran at all.
 */
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** The setup is loaded apart from the reporter, in the same process. */
const missingSymbol = Symbol.for('causeway.mongodb.missing');
type Notes = { [missingSymbol]?: string };

const contractTitle = /(?:^| > )the store on ([^>]+?) >/;

type Counts = { passed: number; failed: number; skipped: number };

/** Says that there is no server, and why. */
export function noteMissing(reason: string): void {
  (globalThis as Notes)[missingSymbol] = reason;
}

export default class SuiteReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = lastLines(modules, (globalThis as Notes)[missingSymbol]);
    // After whatever the other reporters print in this turn.
    if (lines.length > 0) setImmediate(() => process.stdout.write(`${lines.join('\n')}\n`));
  }
}

/** @param missing why there is no server, where there is none */
export function lastLines(
  modules: readonly Pick<TestModule, 'children'>[],
  missing: string | undefined,
): string[] {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const lines = [...contractCounts(tests)].map(
    ([engine, { passed, failed, skipped }]) =>
      `store contract on ${engine}: ${passed} passed, ${failed} failed, ${skipped} skipped`,
  );
  if (missing !== undefined) {
    lines.push(
      `The MongoDB suite did not run: ${missing}.`,
      'export CAUSEWAY_MONGOD="$(test/mongodb/get-mongod)" brings a server.',
    );
  }
  return lines;
}

function contractCounts(tests: readonly TestCase[]): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const test of tests) {
    const engine = contractTitle.exec(test.fullName)?.[1];
    if (engine === undefined) continue;
    const known = counts.get(engine) ?? { passed: 0, failed: 0, skipped: 0 };
    counts.set(engine, known);
    const { state } = test.result();
    if (state === 'passed' || state === 'failed') known[state]++;
    else known.skipped++;
  }
  return counts;
}
