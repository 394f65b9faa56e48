/** A process that fills an embedded store, so that what it needs for that is not counted to who reads it. */
import { loadPolicySet } from '../../gateway/policy/load.ts';
import { onAsk, tell } from '../child.ts';
import { fillSqlite, type SqliteFilling } from './fill-sqlite.ts';

export type Filled = {
  readonly type: 'filled';
  /** When the last notice arrived, ms since 1970. */
  readonly end: number;
};

const policyDir = new URL('../../policies', import.meta.url).pathname;

async function fill(filling: Omit<SqliteFilling, 'policy'>): Promise<Filled> {
  const policy = await loadPolicySet(policyDir);
  return { type: 'filled', end: await fillSqlite({ ...filling, policy }) };
}

onAsk(({ filling }) => {
  void fill(filling as Omit<SqliteFilling, 'policy'>).then(tell, (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
    process.disconnect();
  });
});
