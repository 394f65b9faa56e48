/** Reads new messages and then history, in a process whose threads are its own, and prints the niceness of each by then. */
import { readdir, readFile } from 'node:fs/promises';
import { createSqliteFixture } from '../store/sqlite-fixture.ts';
import { acceptable, police } from '../store/synthetic-messages.ts';

/** Of the threads of this process, by name. See proc_pid_stat(5): fields 2 and 19. */
async function nicenessOfThreads(): Promise<Record<string, number>> {
  const threads = await readdir('/proc/self/task');
  const stats = await Promise.all(
    threads.map(async (id) => readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => '')),
  );
  return Object.fromEntries(
    stats.map((stat) => {
      const nameEnd = stat.lastIndexOf(')');
      const name = stat.slice(stat.indexOf('(') + 1, nameEnd);
      return [name, Number(stat.slice(nameEnd + 2).split(' ')[16])] as const;
    }),
  );
}

const fixture = await createSqliteFixture();
const store = await fixture.open();
try {
  await store.submit({ source: police, messages: [1, 2, 3].map((number) => acceptable(number)) });
  const [first] = await store.readAcceptances(0, 1, 0);
  const before = await nicenessOfThreads();
  const history = await store.readAcceptances(first?.position ?? 0, 10, 0);
  process.stdout.write(JSON.stringify({ before, read: history.length, after: await nicenessOfThreads() }));
} finally {
  await store.close();
  await fixture.remove();
}
