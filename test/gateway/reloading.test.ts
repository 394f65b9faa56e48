import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { PatternHolder } from '../../gateway/correlator/pattern-holder.ts';
import { EndpointDirectory } from '../../gateway/identity/directory.ts';
import { PolicyHolder } from '../../gateway/policy/policy-holder.ts';
import { Reloading } from '../../gateway/reloading.ts';
import { copyPolicies } from './policy/policy-folder.ts';
import { createSqliteFixture } from './store/sqlite-fixture.ts';

/** What a gateway reads again, on a policy folder of its own. */
async function openGateway() {
  const fixture = await createSqliteFixture();
  const store = await fixture.open();
  const folder = await copyPolicies();
  onTestFinished(async () => {
    await store.close();
    await fixture.remove();
    await folder[Symbol.asyncDispose]();
  });
  const patterns = new PatternHolder(folder.dir);
  const policy = await PolicyHolder.load(folder.dir);
  const errors: unknown[] = [];
  const reloading = new Reloading({
    ...{ store, patterns, policy },
    directory: await EndpointDirectory.open(store),
    log: pino({ level: 'silent' }),
    onDirectory: () => undefined,
    onPolicy: () => Promise.resolve(),
    onError: (error) => errors.push(error),
  });
  return { store, folder, policy, reloading, errors };
}

it('a folder that is being changed comes into force when it is applied, and with no enrolment before', async () => {
  const { folder, policy, reloading } = await openGateway();
  reloading.startFrom({ directory: 3, policy: 7 });
  const before = policy.current.digest;
  await folder.write(
    'sharing/zz-embargo.cedar',
    '@id("zz-embargo")\n@reason("Nothing goes anywhere.")\nforbid (principal, action, resource);\n',
  );
  expect(await reloading.takeOver({ directory: 4, policy: 7 })).toBe(false);
  expect(policy.current.digest).toBe(before);
  expect(await reloading.takeOver({ directory: 4, policy: 8 })).toBe(true);
  expect(policy.current.digest).not.toBe(before);
});

it('a gateway that was cut off reads the folder once for all that was applied meanwhile', async () => {
  const { folder, policy, reloading, errors } = await openGateway();
  const before = policy.current.digest;
  await folder.write('sharing/zz-embargo.cedar', 'forbid (');
  expect(await reloading.takeOver({ directory: 2, policy: 5 })).toBe(true);
  expect([policy.current.digest, errors]).toMatchObject([before, [{ code: 'policy-invalid' }]]);
  // An older word of the same, which comes late.
  expect(await reloading.takeOver({ directory: 2, policy: 4 })).toBe(false);
  expect(errors).toHaveLength(1);
});
