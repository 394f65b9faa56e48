import { expect, test } from 'vitest';
import type { RoomLevel } from '../../gateway/disk-room.ts';
import { SubmissionGate } from '../../gateway/submission-gate.ts';
import type { Sender } from '../../gateway/relay/examine.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { decodeReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { signerFromSeed } from '../protocol/samples.ts';

const mebibyte = 1_048_576;
const dayMs = 24 * 3600_000;
const taken = Buffer.from('taken');

/** A gate with a floor of 100 MiB, and what it is to find. */
function openGate() {
  const state = { level: 'enough' as RoomLevel, now: 1_000 };
  const gate = new SubmissionGate({
    relay: { submit: () => Promise.resolve(taken), settle: () => Promise.resolve() },
    signer: signerFromSeed(7),
    now: () => state.now,
    level: () => state.level,
    floorMebibytes: 100,
  });
  /** Why it refused, or undefined where it went on to the relay. */
  const bring = async (endpoint: string, mebibytes: number): Promise<string | undefined> => {
    const unit = {
      envelope: Buffer.from('{}'),
      bytes: { byteLength: mebibytes * mebibyte },
    } as unknown as Unit;
    const answer = await gate.submit(senderNamed(endpoint), [unit]);
    if (answer === taken) return undefined;
    const [receipt] = decodeReceiptGroup(answer).receipts;
    const { code, text } = JSON.parse(receipt?.detail ?? '{}') as { code: string; text: string };
    expect(code).toBe('store-unavailable');
    return text;
  };
  return { state, gate, bring };
}

function senderNamed(endpoint: string): Sender {
  return { entry: { endpoint: endpoint as EndpointAddress } } as Sender;
}

test('while there is enough room everybody may bring what he likes', async () => {
  const { bring } = openGate();
  for (let day = 0; day < 10; day++) expect(await bring('police/intake', 60)).toBeUndefined();
});

test('while room is scarce, whoever has brought half a floor lately is refused for now, and nobody else', async () => {
  const { state, gate, bring } = openGate();
  await bring('police/intake', 60);
  await bring('health/ward', 10);
  state.level = 'scarce';
  for (const endpoint of ['police/intake', 'police/another']) {
    expect(await bring(endpoint, 0.01)).toContain('your agency has sent much of late');
  }
  for (const endpoint of ['health/ward', 'school/north']) expect(await bring(endpoint, 1)).toBeUndefined();
  expect(gate.takeRefused()).toBe(2);
});

test('what was brought long ago no longer counts', async () => {
  const { state, bring } = openGate();
  await bring('police/intake', 60);
  state.level = 'scarce';
  expect(await bring('police/intake', 1)).toBeDefined();
  state.now += dayMs;
  expect(await bring('police/intake', 1)).toBeUndefined();
});

test('short of room, everybody is refused for now, and how many is asked once', async () => {
  const { state, gate, bring } = openGate();
  state.level = 'short';
  expect(await bring('school/north', 0.01)).toContain('takes no new messages for now');
  expect([gate.takeRefused(), gate.takeRefused()]).toEqual([1, 0]);
});
