import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import type { RawSession } from './kit/raw-session.ts';
import { eventually } from './kit/watch.ts';

let exchange: Exchange;
let people: Record<'police' | 'north', TestEndpoint>;
let toNorth: Writer;
let police: RawSession;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north');
  toNorth = await Writer.open(people.police, [people.north]);
  police = await exchange.connect(people.police);
});
afterAll(() => exchange.close());

async function requestReload(): Promise<void> {
  await (await exchange.store()).requestPolicyReload({ kind: 'policy.applied' });
}

describe('an agreement that changes while the gateway runs', () => {
  const embargo = `
@id("test-embargo")
@reason("Nothing goes to North during the test.")
forbid (principal, action, resource == Endpoint::"north-lanarkshire-social-work/duty");
`;

  it('is taken over with its decisions, although the same question was decided otherwise before', async () => {
    const file = join(exchange.home.policiesDir, 'sharing', 'zz-embargo.cedar');
    await police.accepted(toNorth.message());
    const before = await exchange.recorded({ kind: 'message.accepted' });

    await writeFile(file, embargo);
    await requestReload();
    await eventually('a refusal under the new agreement', async () => {
      const [answer] = await police.submit(toNorth.message());
      return answer?.kind === 'refused' ? answer : undefined;
    });
    const refused = await exchange.recorded({ kind: 'message.refused', code: 'policy-denied' });
    expect(refused.policy).not.toBe(before.policy);
    expect(await exchange.recorded({ kind: 'gateway.started' })).toMatchObject({ policy: before.policy });
    expect(await exchange.recorded({ kind: 'policy.loaded' })).toMatchObject({ policy: refused.policy });
    expect(refused.decisions).toMatchObject([
      { effect: 'deny', determining: ['test-embargo'], reasons: ['Nothing goes to North during the test.'] },
    ]);

    await rm(file);
    await requestReload();
    await eventually('an acceptance under the first agreement again', async () => {
      const [answer] = await police.submit(toNorth.message());
      return answer?.kind === 'accepted' ? answer : undefined;
    });
  });

  it('tells the log which patterns are in force, and each that is changed', async () => {
    const file = join(exchange.home.policiesDir, 'patterns', 'cumulative-concern.yaml');
    const text = await readFile(file, 'utf8');
    const [, pattern = ''] = /^id: (.*)$/m.exec(text) ?? [];
    const version = Number(/^version: (.*)$/m.exec(text)?.[1]);
    const { patterns } = await exchange.recorded({ kind: 'gateway.started' });
    expect(patterns).toContain(`${pattern}@${version}`);
    expect((await exchange.records()).filter(({ entry }) => entry.kind === 'pattern.changed')).toEqual([]);

    await writeFile(
      file,
      text.replace(/^version: .*$/m, `version: ${version + 1}`).replace('half-life: 60d', 'half-life: 61d'),
    );
    await requestReload();
    const changed = await exchange.recorded({ kind: 'pattern.changed' });
    expect(changed).toMatchObject({ pattern, from: version, to: version + 1 });
    const loaded = await exchange.recorded({ kind: 'policy.loaded', policy: changed.policy });
    expect(loaded.patterns).toContain(`${pattern}@${version + 1}`);
    await writeFile(file, text);
    await requestReload();
    const back = await exchange.recorded({ kind: 'pattern.changed', to: version });
    expect(back).toMatchObject({ pattern, from: version + 1 });
  });

  it('stays as it was when the changed folder is not valid, and the failure is logged with its place', async () => {
    const file = join(exchange.home.policiesDir, 'sharing', 'zz-broken.cedar');
    await writeFile(file, 'permit (principal, action, resource');
    await requestReload();
    const failure = await eventually('the failure in the log', () =>
      Promise.resolve(exchange.failures.shift()),
    );
    expect(failure).toMatchObject({ code: 'policy-invalid' });
    expect(JSON.stringify(failure)).toContain('zz-broken.cedar');
    await police.accepted(toNorth.message());
    await rm(file);
  });
});
