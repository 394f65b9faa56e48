import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { AppliedAgreement } from '../../gateway/applied-agreement.ts';
import { PatternHolder } from '../../gateway/correlator/pattern-holder.ts';
import { EndpointDirectory } from '../../gateway/identity/directory.ts';
import { PolicyHolder } from '../../gateway/policy/policy-holder.ts';
import { Reloading, type ReloadingDependencies } from '../../gateway/reloading.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { eventually } from '../e2e/kit/watch.ts';
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
  const log = pino({ level: 'silent' });
  const failing = { times: 0 };
  const applied = new AppliedAgreement({
    ...{ log, inForce: () => policy.current.digest },
    store: {
      ...store,
      countLeaves: () =>
        failing.times-- > 0 ? Promise.reject(new CausewayError('store-unavailable')) : store.countLeaves(),
    },
  });
  const errors: unknown[] = [];
  /** Whether it was behind as each new agreement came into force. */
  const behind: boolean[] = [];
  const reloading = new Reloading({
    ...{ store, patterns, policy, applied },
    directory: await EndpointDirectory.open(store),
    log,
    onDirectory: () => undefined,
    onPolicy: () => {
      behind.push(applied.isBehind);
      return Promise.resolve();
    },
    onError: (error) => errors.push(error),
  });
  return { store, folder, policy, reloading, errors, failing, applied, behind };
}

it('a folder that is being changed comes into force when it is applied, and with no enrolment before', async () => {
  const { folder, policy, reloading } = await openGateway();
  reloading.startFrom({ directory: 3, policy: 7 });
  const before = policy.current.digest;
  await folder.write(
    'sharing/zz-embargo.cedar',
    '@id("zz-embargo")\n@reason("Nothing goes anywhere.")\nforbid (principal, action, resource);\n',
  );
  await reloading.takeOver({ directory: 4, policy: 7 });
  expect(policy.current.digest).toBe(before);
  await reloading.takeOver({ directory: 4, policy: 8 });
  expect(policy.current.digest).not.toBe(before);
});

it('a gateway that takes over what was applied is not behind at any time', async () => {
  const { store, folder, policy, reloading, applied, behind } = await openGateway();
  await store.requestPolicyReload({ kind: 'policy.applied', policy: policy.current.digest });
  await reloading.takeOver({ directory: 0, policy: 1 });
  await folder.write(
    'sharing/zz-embargo.cedar',
    '@id("zz")\n@reason("No.")\nforbid (principal, action, resource);\n',
  );
  const { digest } = (await PolicyHolder.load(folder.dir)).current;
  await store.requestPolicyReload({ kind: 'policy.applied', policy: digest });
  const looking = setInterval(() => behind.push(applied.isBehind), 1);
  await reloading.takeOver({ directory: 0, policy: 2 });
  clearInterval(looking);
  expect(policy.current.digest).toBe(digest);
  expect(new Set(behind)).toEqual(new Set([false]));
});

it('a gateway that was cut off reads the folder once for all that was applied meanwhile', async () => {
  const { folder, policy, reloading, errors } = await openGateway();
  const before = policy.current.digest;
  await folder.write('sharing/zz-embargo.cedar', 'forbid (');
  await reloading.takeOver({ directory: 2, policy: 5 });
  expect([policy.current.digest, errors]).toMatchObject([before, [{ code: 'policy-invalid' }]]);
  await reloading.takeOver({ directory: 3, policy: 5 });
  expect(errors).toHaveLength(1);
});

it('a version that was put back hides nothing of what is applied afterwards', async () => {
  const { folder, policy, reloading } = await openGateway();
  reloading.startFrom({ directory: 3, policy: 7 });
  const before = policy.current.digest;
  await reloading.takeOver({ directory: 3, policy: 0 });
  await folder.write(
    'sharing/zz-embargo.cedar',
    '@id("zz")\n@reason("No.")\nforbid (principal, action, resource);\n',
  );
  await reloading.takeOver({ directory: 3, policy: 1 });
  expect(policy.current.digest).not.toBe(before);
});

it('what was applied last is asked for again until the store says it', async () => {
  const { store, reloading, errors, failing, applied } = await openGateway();
  await store.requestPolicyReload({ kind: 'policy.applied', policy: 'B'.repeat(43) });
  failing.times = 1;
  await reloading.takeOver({ directory: 0, policy: 1 });
  expect([applied.isBehind, errors]).toMatchObject([false, [{ code: 'store-unavailable' }]]);
  await eventually('the second look', () => (applied.isBehind ? true : undefined));
  expect(errors).toHaveLength(1);
});

/** A gateway whose clock the test moves, and a directory that is read in turn, of which it says what the store has. */
function openOnDirectory(read: () => Promise<number>) {
  vi.useFakeTimers();
  let last: Promise<unknown> = Promise.resolve();
  const directory = {
    version: 1,
    reload: async () => {
      const reading = last.then(read);
      last = reading.catch(() => undefined);
      directory.version = await reading;
    },
  };
  const errors: unknown[] = [];
  const reloading = new Reloading({
    directory,
    onDirectory: () => undefined,
    onError: (error: unknown) => errors.push(error),
  } as unknown as ReloadingDependencies);
  onTestFinished(() => {
    reloading.close();
    vi.useRealTimers();
  });
  return { reloading, directory, errors };
}

it('whoever holds a later version waits for a look that begins then, and however many ask share the next one', async () => {
  let [stored, looks] = [1, 0];
  const { reloading, directory } = openOnDirectory(() => {
    looks++;
    return Promise.resolve(stored);
  });
  const seen: number[] = [];
  const ask = () => reloading.lookForLater().then(() => seen.push(directory.version));
  void ask();
  await vi.advanceTimersByTimeAsync(10);
  stored = 2;
  for (let time = 0; time < 50; time++) void ask();
  await vi.advanceTimersByTimeAsync(2_000);
  expect([seen, looks]).toEqual([[1, ...Array.from({ length: 50 }, () => 2)], 2]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toBe(2);
});

it('a store that is away is tried once a second, however many have looked meanwhile, and each hears that it is', async () => {
  let [isAway, readings] = [true, 0];
  const { reloading, directory, errors } = openOnDirectory(() => {
    readings++;
    return isAway ? Promise.reject(new CausewayError('store-unavailable')) : Promise.resolve(2);
  });
  const codes: unknown[] = [];
  for (let second = 0; second < 20; second++) {
    void reloading.lookForLater().catch((error: unknown) => codes.push((error as CausewayError).code));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(codes.length).toBeGreaterThan(15);
  expect(new Set(codes)).toEqual(new Set(['store-unavailable']));
  expect(errors.length).toBeLessThan(25);
  expect(readings).toBeLessThan(35);
  isAway = false;
  await vi.advanceTimersByTimeAsync(3_000);
  const before = readings;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([directory.version, readings]).toEqual([2, before]);
});

it('of a store that fails slowly, looks do not pile up: each waits for one that runs and its own', async () => {
  const { reloading } = openOnDirectory(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    throw new CausewayError('store-unavailable');
  });
  const waits: number[] = [];
  for (let second = 0; second < 120; second++) {
    const asked = performance.now();
    void reloading.lookForLater().catch(() => waits.push(performance.now() - asked));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(waits.length).toBeGreaterThan(100);
  expect(Math.max(...waits)).toBeLessThanOrEqual(12_000);
});
