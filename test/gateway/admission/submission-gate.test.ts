import { expect, test } from 'vitest';
import type { RoomLevel } from '../../../gateway/admission/disk-room.ts';
import { SubmissionGate } from '../../../gateway/admission/submission-gate.ts';
import type { Sender } from '../../../gateway/relay/examine.ts';
import type { Relay } from '../../../gateway/relay/relay.ts';
import type { Submission } from '../../../gateway/store/port.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { gatewayAddress, type EndpointAddress } from '../../../protocol/ids.ts';
import { sha256 } from '../../../protocol/proof/merkle.ts';
import { encodeEnvelope } from '../../../protocol/wire/envelope.ts';
import { decodeReceiptGroup, signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import type { Unit } from '../../../protocol/wire/frame.ts';
import { encodeReceipt, type Receipt } from '../../../protocol/wire/receipt.ts';
import { sampleEnvelope, sampleReceipt, signerFromSeed } from '../../protocol/samples.ts';

const mebibyte = 1_048_576;
const dayMs = 24 * 3600_000;

type Severity = 'immediate' | 'concern';

/** A gate with a floor of 100 MiB, and what it is to find. */
function openGate() {
  const state = {
    level: 'enough' as RoomLevel,
    now: 1_000,
    clockDoubt: undefined as 'ahead' | 'behind' | undefined,
    failures: 0,
    charged: 0,
    examined: 0,
  };
  const told: string[] = [];
  const signer = signerFromSeed(7);
  const examineAgain: Relay['examineAgain'] = ({ entry }, units) => {
    state.examined += units.length;
    return { source: entry.endpoint, messages: units as unknown as Submission['messages'] };
  };
  const gate = new SubmissionGate({
    relay: {
      examine: (sender, units) => {
        state.charged += units.length;
        return examineAgain(sender, units);
      },
      examineAgain,
      keep: ({ messages }) => {
        if (state.failures-- > 0) return Promise.reject(new CausewayError('store-unavailable'));
        return Promise.resolve(signReceiptGroup((messages as unknown as Unit[]).map(accept), signer));
      },
      settle: () => Promise.resolve(),
    },
    signer,
    now: () => state.now,
    level: () => state.level,
    clockDoubt: () => state.clockDoubt,
    floorMebibytes: 100,
    onRefused: (agency) => told.push(agency),
  });
  /** For each message: why it was refused, or undefined where it went on to the relay. */
  const submit = (endpoint: string, ...messages: [number, Severity][]) => {
    const attempt = gate.submit(messages.map(unitOf));
    return async () => decodeReceiptGroup(await attempt(senderNamed(endpoint))).receipts.map(reasonOf);
  };
  const bringAll = (endpoint: string, ...messages: [number, Severity][]) => submit(endpoint, ...messages)();
  const bring = async (endpoint: string, mebibytes: number, severity: Severity = 'concern') =>
    (await bringAll(endpoint, [mebibytes, severity]))[0];
  return { state, gate, told, submit, bring, bringAll };
}

function reasonOf({ kind, detail }: Receipt): string | undefined {
  if (kind === 'accepted') return undefined;
  const { code, text } = JSON.parse(detail) as { code: string; text: string };
  expect(code).toBe('store-unavailable');
  return text;
}

function unitOf([mebibytes, severity]: [number, Severity]): Unit {
  const envelope = encodeEnvelope({ ...sampleEnvelope(), severity });
  return { envelope, bytes: { byteLength: mebibytes * mebibyte } } as unknown as Unit;
}

function accept({ envelope }: Unit): Buffer {
  const envelopeDigest = sha256(envelope);
  return encodeReceipt(
    sampleReceipt({ kind: 'accepted', issuer: gatewayAddress, recipient: '', envelopeDigest }),
  );
}

function senderNamed(endpoint: string): Sender {
  return { entry: { endpoint: endpoint as EndpointAddress } } as Sender;
}

test('while there is enough room everybody may bring what he likes', async () => {
  const { bring } = openGate();
  for (let day = 0; day < 10; day++) expect(await bring('police/intake', 60)).toBeUndefined();
});

test('while room is scarce, whoever has brought half a floor lately is refused for now, and nobody else', async () => {
  const { state, gate, told, bring } = openGate();
  await bring('police/intake', 60);
  await bring('health/ward', 10);
  state.level = 'scarce';
  for (const endpoint of ['police/intake', 'police/another']) {
    expect(await bring(endpoint, 0.01)).toContain('your agency has sent much of late');
  }
  for (const endpoint of ['health/ward', 'school/north']) expect(await bring(endpoint, 1)).toBeUndefined();
  expect(gate.takeRefused()).toEqual({ police: 2 });
  expect(told).toEqual(['police']);
});

test('what was brought long ago no longer counts', async () => {
  const { state, bring } = openGate();
  await bring('police/intake', 60);
  state.level = 'scarce';
  expect(await bring('police/intake', 1)).toBeDefined();
  state.now += dayMs;
  expect(await bring('police/intake', 1)).toBeUndefined();
});

test('what is given again and again to a store that cannot write counts once', async () => {
  const { state, submit, bring } = openGate();
  state.failures = 20;
  const attempt = submit('police/intake', [10, 'concern'], [1, 'concern']);
  for (let nth = 0; nth < 20; nth++)
    await expect(attempt()).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await attempt()).toEqual([undefined, undefined]);
  expect([state.charged, state.examined]).toEqual([2, 2]);
  state.level = 'scarce';
  expect(await bring('police/intake', 10)).toBeUndefined();
});

test('what has waited for a store for long is examined anew before it is kept, and charged once', async () => {
  const { state, submit } = openGate();
  state.failures = 3;
  const attempt = submit('school/north', [1, 'concern'], [1, 'concern']);
  const fail = () => expect(attempt()).rejects.toMatchObject({ code: 'store-unavailable' });
  await fail();
  state.now += 1_000;
  await fail();
  expect(state.examined).toBe(2);
  // A clock that is set back must not have it hold for longer.
  state.now -= 3_600_000;
  await fail();
  expect(state.examined).toBe(4);
  state.now += 3_600_000;
  expect(await attempt()).toEqual([undefined, undefined]);
  expect([state.charged, state.examined]).toEqual([2, 6]);
});

test('what waits for a store is refused once there is no room for it, and counted once', async () => {
  const { state, gate, submit } = openGate();
  state.failures = 3;
  const attempt = submit('school/north', [1, 'concern'], [0.01, 'immediate'], [0.01, 'concern']);
  await expect(attempt()).rejects.toMatchObject({ code: 'store-unavailable' });
  state.level = 'short';
  for (let nth = 0; nth < 2; nth++)
    await expect(attempt()).rejects.toMatchObject({ code: 'store-unavailable' });
  state.level = 'enough';
  const refused = expect.stringContaining('takes no new messages for now') as unknown;
  expect(await attempt()).toEqual([refused, undefined, refused]);
  expect([state.charged, gate.takeRefused()]).toEqual([3, { school: 2 }]);
});

test('what waits for a store is refused without it once there is hardly any room', async () => {
  const { state, submit } = openGate();
  state.failures = 1;
  const attempt = submit('school/north', [0.01, 'immediate']);
  await expect(attempt()).rejects.toMatchObject({ code: 'store-unavailable' });
  [state.level, state.failures] = ['full', 1];
  expect(await attempt()).toEqual([expect.stringContaining('takes no new messages for now')]);
  expect(state.failures).toBe(1);
});

test('short of room, small immediate messages pass and others are refused for now, each with its own answer', async () => {
  const { state, gate, bringAll } = openGate();
  state.level = 'short';
  const answers = await bringAll(
    'school/north',
    [0.01, 'concern'],
    [0.01, 'immediate'],
    [1, 'immediate'],
    [0.02, 'immediate'],
  );
  const refused = expect.stringContaining('takes no new messages for now') as unknown;
  expect(answers).toEqual([refused, undefined, refused, undefined]);
  expect([gate.takeRefused(), gate.takeRefused()]).toEqual([{ school: 2 }, {}]);
});

test('an agency that has brought much gets nothing past by calling it immediate', async () => {
  const { state, bring } = openGate();
  await bring('police/intake', 60);
  state.level = 'short';
  expect(await bring('police/intake', 0.01, 'immediate')).toContain('your agency has sent much of late');
});

test.each([
  ['ahead', 'what has expired by it'],
  ['behind', 'what was made in the future by it'],
] as const)('a clock that may stand %s refuses %s for now, and nothing else', async (...[clockDoubt]) => {
  const { state, gate, told, bring } = openGate();
  const { time, expires } = sampleEnvelope();
  const refused = expect.stringContaining('that clock may be wrong') as unknown;
  const moments = [
    [Date.parse(time) - 300_001, clockDoubt === 'behind' ? refused : undefined],
    [Date.parse(time) - 300_000, undefined],
    [Date.parse(expires) - 1, undefined],
    [Date.parse(expires), clockDoubt === 'ahead' ? refused : undefined],
  ] as const;
  for (const [now, answer] of moments) {
    // In no doubt, the relay judges it.
    [state.now, state.clockDoubt] = [now, undefined];
    expect(await bring('school/north', 0.01)).toBeUndefined();
    state.clockDoubt = clockDoubt;
    expect(await bring('school/north', 0.01)).toEqual(answer);
  }
  // None was refused for want of room.
  expect([gate.takeRefused(), told]).toEqual([{}, []]);
});

test('with hardly any room everybody is refused for now, whatever it is', async () => {
  const { state, bring } = openGate();
  state.level = 'full';
  expect(await bring('school/north', 0.01, 'immediate')).toContain('takes no new messages for now');
});
