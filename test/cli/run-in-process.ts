/**
 * A command in the process of the test, for the many questions a test puts to one gateway. A process for each would
 * load the program again, which takes longer than any answer. What only a process has, such as signals, standard input
 * and its own exit, is for `run-causeway.ts`; every test file of a command runs it as a process at least once.
 */
import { Writable } from 'node:stream';
import { runProgram } from '../../bin/program.ts';
import type { RunResult } from './run-causeway.ts';

/** Runs a command to its end, without the settings of the person who runs the tests. */
export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const stdout = new Collector();
  const stderr = new Collector();
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    const { PATH = '', HOME = '' } = process.env;
    const code = await runProgram(args, { stdout, stderr, env: { PATH, HOME, ...env } });
    return { code: code ?? exitCodeOfProcess(), stdout: stdout.text, stderr: stderr.text };
  } finally {
    process.exitCode = before;
  }
}

function exitCodeOfProcess(): number {
  return Number(process.exitCode ?? 0);
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
