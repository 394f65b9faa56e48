import { expect, it } from 'vitest';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { PolicyHolder } from '../../../gateway/policy/policy-holder.ts';
import { copyPolicies } from './policy-folder.ts';

it('of two changes close together the second one stays in force, however long the first takes to check', async () => {
  await using folder = await copyPolicies({ isBare: true });
  const before = await folder.read('agencies.yaml');
  const checking = Promise.withResolvers<undefined>();
  const patience = Promise.withResolvers<undefined>();
  let checks = 0;
  const holder = await PolicyHolder.load(folder.dir, async () => {
    if (++checks !== 2) return;
    checking.resolve(undefined);
    await patience.promise;
  });
  await folder.write('agencies.yaml', `${before}# changed once\n`);
  const first = holder.reload();
  await checking.promise;
  await folder.write('agencies.yaml', `${before}# changed twice\n`);
  const second = holder.reload();
  // Takes as long as the second load would, had it not to wait for the first.
  const { digest } = await loadPolicySet(folder.dir);
  patience.resolve(undefined);
  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(holder.current.digest).toBe(digest);
});
