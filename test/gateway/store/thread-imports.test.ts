/** The threads of the embedded engine start with every command that opens a store, that of the log with every gateway. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const files = [
  ...['store/sqlite/writer', 'store/sqlite/reader', 'store/sqlite/keeper'],
  ...['audit/log-thread', 'audit/emptying-thread'],
].map((file) => join(import.meta.dirname, '../../../gateway', `${file}.ts`));

/** Prints what is imported by name. A thread's file fails outside of a thread, once everything is loaded. */
const program = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (!/^(?:node|file):|^[./]/.test(specifier)) console.log(specifier);
      return next(specifier, context);
    },
  });
  for (const file of ${JSON.stringify(files)}) await import(file).catch(() => undefined);
`;

it('the threads of the store and of the log load no library but the one that seals bodies', async () => {
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const packages = stdout.split('\n').filter((name) => name !== '' && !name.startsWith('@noble/'));
  expect(packages).toEqual([]);
  expect(stdout).toContain('@noble/ciphers/chacha.js');
});
