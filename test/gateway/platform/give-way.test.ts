import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createSqliteFixture } from '../store/sqlite-fixture.ts';
import { acceptable, police } from '../store/synthetic-messages.ts';

/** Of the threads of this process, by name. See proc_pid_stat(5): fields 2 and 19. */
async function nicenessOfThreads(): Promise<ReadonlyMap<string, number>> {
  const threads = await readdir('/proc/self/task');
  const stats = await Promise.all(
    threads.map(async (id) => readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => '')),
  );
  return new Map(
    stats.map((stat) => {
      const nameEnd = stat.lastIndexOf(')');
      return [
        stat.slice(stat.indexOf('(') + 1, nameEnd),
        Number(stat.slice(nameEnd + 2).split(' ')[16]),
      ] as const;
    }),
  );
}

test.runIf(process.platform === 'linux')(
  'a long reading of history gets a thread that gives way to the others of the store',
  async () => {
    const fixture = await createSqliteFixture();
    const store = await fixture.open();
    try {
      await store.submit({ source: police, messages: [1, 2, 3].map((number) => acceptable(number)) });
      const [first] = await store.readAcceptances(0, 1, 0);
      expect([...(await nicenessOfThreads()).keys()]).not.toContain('history-reader');
      expect(await store.readAcceptances(first?.position ?? 0, 10, 0)).toHaveLength(2);
      const niceness = await nicenessOfThreads();
      const own = niceness.get('store-writer');
      expect(niceness.get('store-reader')).toBe(own);
      expect(niceness.get('history-reader')).toBe(Math.max(10, own ?? 0));
    } finally {
      await store.close();
      await fixture.remove();
    }
  },
);
