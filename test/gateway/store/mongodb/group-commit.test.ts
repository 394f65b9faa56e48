import { setTimeout as sleep } from 'node:timers/promises';
import { MongoNetworkError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { GroupCommit } from '../../../../gateway/store/mongodb/group-commit.ts';
import type { Operation, OperationOf } from '../../../../gateway/store/mongodb/operations.ts';
import { CausewayError } from '../../../../protocol/errors.ts';

const patienceMs = 20;
const underLease: OperationOf<'append-records'> = {
  ...{ type: 'append-records', lines: [], of: undefined, mark: undefined },
  lease: { name: 'work', epoch: 1 },
};
const reload: OperationOf<'request-reload'> = { type: 'request-reload', line: '{}' };

/** Commits whatever is asked, but fails under a lease, when everybody else has waited for long. */
function commitsAfter(failure: Error): { readonly commits: GroupCommit; readonly committed: Operation[] } {
  const committed: Operation[] = [];
  const commits = new GroupCommit({
    clock: () => 0,
    patienceMs,
    commit: async (operations) => {
      if (operations.some(({ lease }) => lease !== undefined)) {
        await sleep(2 * patienceMs);
        throw failure;
      }
      committed.push(...operations);
      return operations.map(() => null);
    },
  });
  return { commits, committed };
}

describe('a group that fails', () => {
  it('for a reason of its own costs nobody behind it anything, however long they have waited', async () => {
    const { commits, committed } = commitsAfter(new CausewayError('lease-lost'));
    const lost = commits.run(underLease);
    const behind = commits.run(reload);

    await expect(lost).rejects.toMatchObject({ code: 'lease-lost' });
    await behind;
    expect(committed).toEqual([reload]);
  });

  it('because nothing can be written ends the waiting of those who have waited for long enough', async () => {
    const { commits, committed } = commitsAfter(new MongoNetworkError('gone'));
    const all = [commits.run(underLease), commits.run(reload)];

    for (const each of all) await expect(each).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(committed).toEqual([]);
  });
});
