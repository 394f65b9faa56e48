import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { runInProcess } from './run-in-process.ts';

const run = promisify(execFile);

it.each([
  [0, 'nobody'],
  [1, 'somebody'],
  [2, 'somebody'],
  [3, 'nobody'],
])(
  'the example for a monitor in the help of status, where that ends with %i, tells %s',
  async (code, whom) => {
    const { stdout: help } = await runInProcess(['status', '--help']);
    const example = /causeway status .*tell-somebody/.exec(help)?.[0] ?? 'false';
    const script = example
      .replace('causeway', 'endpoint')
      .replace('status.txt', '/dev/null')
      .replace('tell-somebody', 'echo somebody');
    const { stdout } = await run('sh', ['-c', `endpoint() { return ${code}; }\n${script} || :`]);
    expect(stdout).toBe(whom === 'somebody' ? 'somebody\n' : '');
  },
);
