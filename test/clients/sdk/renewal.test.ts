import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renewalDueAt } from '../../../clients/sdk/enrol.ts';
import { claimHolder, newHolder } from '../../../clients/sdk/holder.ts';
import { openHome } from '../../../clients/sdk/home.ts';
import { silentLog, type LogFields } from '../../../clients/sdk/logger.ts';
import { readOpenpgpIdentity } from '../../../clients/sdk/openpgp.ts';
import { readRenewalRefusal } from '../../../clients/sdk/renewal-refusal.ts';
import { CertificateRenewal } from '../../../clients/sdk/renewal.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import { limits } from '../../../protocol/limits.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, until, type ScriptedGateway } from './scripted-gateway.ts';

let gateway: ScriptedGateway;
let now: number;
let requests: number;
let aheadMs: number | undefined;
let maxClockSkewMs: number;
const lines: (string | undefined)[] = [];
const ends: (() => unknown)[] = [];

gatewayForEachTest((opened) => (gateway = opened));

beforeEach(async () => {
  aheadMs = 0;
  maxClockSkewMs = limits.maxClockSkewMs;
  lines.length = 0;
  now = renewalDueAt((await readHome()).tlsCertificatePem);
  gateway.clock.now = () => now;
  requests = 0;
  gateway.onRequest = () => ++requests > 0;
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const readHome = () => openHome(gateway.homeOf(alice));

async function serialNumber(): Promise<string> {
  return new X509Certificate((await readHome()).tlsCertificatePem).serialNumber;
}

const surroundings = {
  directory: {
    isBehind: false,
    entryOf: (endpoint: string) => gateway.entries.find((entry) => entry.endpoint === endpoint),
  },
  now: () => now,
  aheadMs: () => aheadMs,
  maxClockSkewMs: () => maxClockSkewMs,
  report: (error: unknown) => void lines.push(String(error)),
  log: { ...silentLog, warn: ({ code }: LogFields) => void lines.push(code) },
};

/** The renewal of one of the clients that share the home. */
function openRenewal(isAlive = true) {
  const state = new StateDatabase(gateway.homeOf(alice));
  const holder = newHolder();
  const closing = new AbortController();
  if (isAlive) ends.push(claimHolder(holder));
  ends.push(() => state.close());
  const renewal = new CertificateRenewal({
    ...{ state, holder, readHome, signal: closing.signal },
    ...surroundings,
  });
  return { renewal, closing, refusal: () => readRenewalRefusal(state.statements) };
}

test('of clients that share a home one renews, and those that come late use what it got', async () => {
  const before = await serialNumber();
  const clients = [openRenewal(), openRenewal(), openRenewal()];
  await Promise.all(clients.flatMap(({ renewal }) => [renewal.renewIfDue(), renewal.renewIfDue()]));
  expect(requests).toBe(1);
  expect(await serialNumber()).not.toBe(before);
  for (const { renewal } of clients) expect(await renewal.renewIfDue()).toBe(false);
  expect(requests).toBe(1);
});

test('a certificate that another client renewed between two looks is taken as it is', async () => {
  const first = openRenewal();
  const state = new StateDatabase(gateway.homeOf(alice));
  ends.push(() => state.close());
  const old = await readHome();
  let looks = 0;
  const late = new CertificateRenewal({
    ...{ state, holder: newHolder(), signal: new AbortController().signal },
    readHome: async () => (++looks === 1 ? old : readHome()),
    ...surroundings,
  });
  await first.renewal.renewIfDue();
  const serial = await serialNumber();
  expect(await late.renewIfDue()).toBe(true);
  expect(looks).toBe(2);
  expect(await serialNumber()).toBe(serial);
  expect(requests).toBe(1);
});

test('while one is at it others leave it, unless it has died or its minute is over', async () => {
  gateway.onRequest = () => ++requests > 1;
  const dead = openRenewal(false);
  const stuck = dead.renewal.renewIfDue();
  await until(() => requests === 1);
  const heir = openRenewal();
  expect(await heir.renewal.renewIfDue()).toBe(true);
  expect(requests).toBe(2);
  dead.closing.abort();
  await expect(stuck).rejects.toMatchObject({ code: 'aborted' });
});

test('a renewal that is ended or fails gives its turn back', async () => {
  gateway.onRequest = () => ++requests > 1;
  const first = openRenewal();
  const second = openRenewal();
  const ended = first.renewal.renewIfDue();
  await until(() => requests === 1);
  expect(await second.renewal.renewIfDue()).toBe(false);
  expect(requests).toBe(1);
  first.closing.abort();
  await expect(ended).rejects.toMatchObject({ code: 'aborted' });
  expect(await second.renewal.renewIfDue()).toBe(true);
  expect(requests).toBe(2);
});

test('a turn that was never given back ends after a minute', async () => {
  gateway.onRequest = () => ++requests > 1;
  const first = openRenewal();
  const second = openRenewal();
  const hanging = first.renewal.renewIfDue();
  await until(() => requests === 1);
  now += 60_000;
  expect(await second.renewal.renewIfDue()).toBe(true);
  first.closing.abort();
  await expect(hanging).rejects.toMatchObject({ code: 'aborted' });
});

const dayMs = 86_400_000;

test.each([300 * dayMs, -100 * dayMs])(
  'a clock that the gateway’s contradicts by %i ms renews nothing and touches no key',
  async (off) => {
    const before = await readHome();
    const { renewal, refusal } = openRenewal();
    now += off;
    aheadMs = off;
    await expect(renewal.renewIfDue()).rejects.toMatchObject({ code: 'clock-skew' });
    await expect(renewal.renewIfDue()).rejects.toMatchObject({ code: 'clock-skew' });
    expect(requests).toBe(0);
    expect(await readHome()).toEqual(before);
    expect(lines).toEqual(['clock-skew']);
    expect(refusal()).toMatchObject({ code: 'clock-skew', at: now });
    now -= off + dayMs;
    aheadMs = 0;
    expect(await renewal.renewIfDue()).toBe(false);
    expect(refusal()).toBeUndefined();
  },
);

test('a gateway that allows less of a difference between clocks than the protocol is heeded', async () => {
  const { renewal } = openRenewal();
  maxClockSkewMs = 60_000;
  aheadMs = 61_000;
  await expect(renewal.renewIfDue()).rejects.toMatchObject({ code: 'clock-skew' });
  expect(requests).toBe(0);
  aheadMs = 59_000;
  expect(await renewal.renewIfDue()).toBe(true);
});

test('before the gateway has told its clock nothing is renewed', async () => {
  aheadMs = undefined;
  expect(await openRenewal().renewal.renewIfDue()).toBe(false);
  expect(requests).toBe(0);
});

test('a clock that is set while the renewal waits for its turn renews nothing', async () => {
  const state = new StateDatabase(gateway.homeOf(alice));
  ends.push(() => state.close());
  let looks = 0;
  const renewal = new CertificateRenewal({
    ...{ state, holder: newHolder(), signal: new AbortController().signal },
    ...surroundings,
    readHome: () => {
      if (++looks === 2) aheadMs = undefined;
      return readHome();
    },
  });
  expect(await renewal.renewIfDue()).toBe(false);
  expect([looks, requests]).toEqual([2, 0]);
});

test('a refusal of the gateway is kept until a renewal succeeds', async () => {
  const { renewal, refusal } = openRenewal();
  gateway.renewalRefusal = 'key-unsuitable';
  await expect(renewal.renewIfDue()).rejects.toMatchObject({ code: 'key-unsuitable' });
  expect(refusal()).toMatchObject({ code: 'key-unsuitable', at: now });
  expect(lines).toEqual(['key-unsuitable']);
  gateway.renewalRefusal = undefined;
  expect(await renewal.renewIfDue()).toBe(true);
  expect(refusal()).toBeUndefined();
});

test('a refusal stands while another client of the home is at it', async () => {
  const { renewal, refusal } = openRenewal();
  gateway.renewalRefusal = 'key-unsuitable';
  await expect(renewal.renewIfDue()).rejects.toMatchObject({ code: 'key-unsuitable' });
  gateway.renewalRefusal = undefined;
  let isBusy = false;
  gateway.onRequest = () => !(isBusy = true);
  const { renewal: other, closing } = openRenewal();
  const busy = other.renewIfDue();
  await until(() => isBusy);
  expect(await renewal.renewIfDue()).toBe(false);
  expect(refusal()).toMatchObject({ code: 'key-unsuitable' });
  closing.abort();
  await expect(busy).rejects.toMatchObject({ code: 'aborted' });
});

test('where clocks agree on a year in which all is outdated, the key in the directory stays at hand', async () => {
  const { encryptionKey } = await readOpenpgpIdentity((await readHome()).openpgpPrivateKey);
  now += 300 * dayMs;
  expect(await openRenewal().renewal.renewIfDue()).toBe(true);
  const { encryptionKeys } = await readOpenpgpIdentity((await readHome()).openpgpPrivateKey, now);
  expect(encryptionKeys).toHaveLength(2);
  expect(encryptionKeys).toContain(encryptionKey);
});
