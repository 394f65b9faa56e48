import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AlertRecord } from '../../gateway/correlator/alert-record.ts';
import { positionMark } from '../../gateway/correlator/place-beyond-log.ts';
import type { AcceptableMessage } from '../../gateway/store/port.ts';
import { correlatorAddress } from '../../protocol/ids.ts';
import { encodeEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { acceptable, messageId } from '../gateway/store/synthetic-messages.ts';
import { sampleEnvelope } from '../protocol/samples.ts';
import { duty, withStore } from './filled-store.ts';
import { jsonLines, type RunResult } from './run-causeway.ts';
import { runInProcess } from './run-in-process.ts';

let dir: string;
let home: string;

const alert = messageId(1);
const raised: AlertRecord = {
  ...{ kind: 'alert.raised', message: alert },
  ...{ pattern: 'p', version: 1, title: 'A pattern', level: 'suspect', tier: 'same' },
  ...{ firedAt: Date.now(), dispositionBy: Date.now() + 3_600_000 },
  ...{ events: [], sources: [], agencies: [], links: [], missing: [] },
};

const run = async (...args: string[]): Promise<RunResult> => {
  const result = await runInProcess(args, { CAUSEWAY_GATEWAY: home });
  expect([result.code, result.stderr.includes('code ')]).toEqual([0, false]);
  return result;
};

/** A message whose envelope says this, beside what the sample says. */
function message(
  number: number,
  says: Partial<Envelope>,
  changes: Partial<AcceptableMessage> = {},
): AcceptableMessage {
  const sample = { ...sampleEnvelope(), inReplyTo: undefined };
  const envelope = encodeEnvelope({ ...sample, id: messageId(number), ...says });
  const { bytes: unit } = encodeUnit(envelope, Buffer.alloc(67), Buffer.from('ciphertext'));
  return acceptable(number, { unit, ...changes });
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-explain-to-come-'));
  home = join(dir, 'gateway');
  await run('gateway', 'init', home);
  await withStore(home, async (store) => {
    await store.appendRecords([raised], undefined, alert);
    const recipients = [{ endpoint: duty, listening: false }];
    const sent = message(1, { source: correlatorAddress }, { recipients });
    await store.submit({ source: correlatorAddress, messages: [sent] });
    await store.setMarks(new Map([[positionMark, await store.countLeaves()]]));
  });
  await run('audit', 'checkpoint');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('an alert is explained in one object, with how many answers the correlator has yet to note', async () => {
  const explained = async (): Promise<unknown[]> =>
    jsonLines((await run('pattern', 'explain', alert, '--json')).stdout);
  const accountWith = (answersToCome: object): unknown[] => [
    expect.objectContaining({ type: 'alert', dispositions: [], answersToCome }),
  ];
  expect(await explained()).toEqual(accountWith({ answers: 0, areAll: true }));
  expect((await run('pattern', 'explain', alert)).stderr).not.toContain('since the correlator last looked');

  const answer = message(2, { source: duty, category: 'alert-acted', inReplyTo: alert });
  await withStore(home, (store) => store.submit({ source: duty, messages: [answer] }));
  expect(await explained()).toEqual(accountWith({ answers: 1, areAll: true }));
  expect((await run('pattern', 'explain', alert)).stderr).toContain(
    '1 answer has come since the correlator last looked',
  );
});

it('precision says it in a line of its own', async () => {
  const figures = jsonLines((await run('pattern', 'precision', '--json')).stdout);
  expect(figures).toEqual([
    expect.objectContaining({ type: 'precision', raised: 1, open: 1 }),
    expect.objectContaining({ type: 'answers-to-come', answers: 1, areAll: true }),
    expect.objectContaining({ type: 'total', patterns: 1, raised: 1 }),
  ]);
});

it('precision says in an object, too, that there was no alert', async () => {
  const { code, stdout } = await run('pattern', 'precision', '--since', '2999-01-01', '--json');
  const none = { type: 'total', since: '2999-01-01T00:00:00.000Z', patterns: 0, raised: 0 };
  expect([code, jsonLines(stdout)]).toEqual([0, [none]]);
});
