import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

type Told = Record<'before' | 'after', Partial<Record<string, number>>> & { readonly read: number };

test.runIf(process.platform === 'linux')(
  'a long reading of history gets a thread that gives way to the others of the store',
  async () => {
    const script = join(import.meta.dirname, 'niceness-of-threads.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    const { before, read, after } = JSON.parse(stdout) as Told;
    expect([read, before['history-reader']]).toEqual([2, undefined]);
    const own = after['store-writer'];
    expect(after['store-reader']).toBe(own);
    expect(after['history-reader']).toBe(Math.max(10, own ?? 0));
  },
);
