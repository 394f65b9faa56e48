import { randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ClientEmitter } from '../../../clients/sdk/events.ts';
import { HeldMessages } from '../../../clients/sdk/held-messages.ts';
import { mostHeld } from '../../../clients/sdk/inbox-table.ts';
import { silentLog } from '../../../clients/sdk/logger.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';

test('that a held notice is not listed is told once in a session', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-held-'));
  const state = new StateDatabase(dir);
  const emitter = new ClientEmitter(silentLog);
  const envelope = sampleEnvelope();
  const heldMessages = new HeldMessages({
    state,
    emitter,
    now: Date.now,
    earliest: () => Date.parse(envelope.time),
  });
  const problems: CausewayError[] = [];
  emitter.on('problem', (problem) => problems.push(problem));
  const hold = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        heldMessages.hold(
          { ...envelope, id: randomUUIDv7() as MessageId },
          new CausewayError('dataset-unknown'),
        ),
      ),
    );
  await hold(mostHeld.ofOne);
  expect(problems).toEqual([]);
  await hold(3);
  expect(problems).toMatchObject([
    { code: 'dataset-unknown', detail: expect.stringContaining(envelope.source) as string },
  ]);
  heldMessages.forget();
  await hold(2);
  expect(problems).toHaveLength(2);
  expect(heldMessages.count).toBe(mostHeld.ofOne);
  await state.close();
  await rm(dir, { recursive: true, force: true });
});

test('what a session has found expired is not shown without a connection any more', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-held-'));
  const state = new StateDatabase(dir);
  let earliest = 0;
  const heldMessages = new HeldMessages({
    ...{ state, emitter: new ClientEmitter(silentLog), now: Date.now },
    earliest: () => earliest,
  });
  const shown = async (): Promise<number> => {
    earliest = 0;
    await state.write(() => undefined);
    return heldMessages.count;
  };
  const envelope = sampleEnvelope();
  await heldMessages.hold(envelope, new CausewayError('dataset-unknown'));
  const expiresAt = Date.parse(envelope.expires);
  for (const [time, count] of [
    [expiresAt - 1, 1],
    [expiresAt, 0],
  ] as const) {
    earliest = time;
    heldMessages.dropExpired();
    expect(await shown()).toBe(count);
  }
  await state.close();
  await rm(dir, { recursive: true, force: true });
});
