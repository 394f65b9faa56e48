import { describe, expect, test } from 'vitest';
import {
  checkAgreement,
  checkCertificate,
  checkClock,
  checkCopy,
  checkCorrelator,
  checkDirectory,
  checkKeeping,
  checkLog,
  checkRoom,
  checkStore,
} from '../../gateway/health.ts';
import { createAuthority } from '../../gateway/identity/authority.ts';
import type { StoredLeaf } from '../../gateway/store/port.ts';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';

describe('a store that does not answer', () => {
  const never = async (): Promise<never> => new Promise(() => undefined);

  test('is said to be unavailable to whoever asks, instead of letting him wait', async () => {
    expect(await checkStore({ probe: never }, 1)).toEqual({
      name: 'store',
      ok: false,
      detail: 'store-unavailable: It has not answered for 0.001 s.',
    });
  });

  test('keeps nobody waiting for what the audit log has to say', async () => {
    const log = { latest: undefined, failure: undefined, isFollowing: false };
    expect(await checkLog(log, { readLeaves: never }, { now: 1, startedAt: 0 }, 1)).toMatchObject({
      ok: true,
    });
  });
});

describe('the audit log', () => {
  const published = { size: 5, root: Buffer.alloc(32), text: '' };
  /** A store with one leaf behind those that were published. */
  const storeWith = (at: number | undefined) => ({
    readLeaves: (from: number): Promise<readonly StoredLeaf[]> =>
      Promise.resolve(
        at === undefined || from > 5
          ? []
          : [{ index: 5, at, leaf: '', entry: { kind: 'x.y' }, erased: false }],
      ),
  });
  const clock = { now: 1_000_000, startedAt: 500_000 };
  const check = (at: number | undefined, failure?: CausewayError) =>
    checkLog({ latest: published, failure, isFollowing: false }, storeWith(at), clock);

  test('is well when everything is published, however long ago, or has just been committed', async () => {
    expect(await check(undefined)).toMatchObject({ ok: true });
    expect(await check(999_000)).toMatchObject({ ok: true });
  });

  test('is stale when a leaf waits for its checkpoint although nothing is known to be wrong', async () => {
    expect(await check(940_000)).toEqual({
      name: 'audit log',
      ok: false,
      detail: 'stale: leaf 5 has waited 60 s to be published',
    });
  });

  test('that another gateway is to publish and does not keeps nobody from sending here, and says where to look', async () => {
    const late: number[] = [];
    const log = { latest: published, failure: undefined, isFollowing: true };
    const followed = { ...clock, onLate: (waitingMs: number) => late.push(waitingMs) };
    expect(await checkLog(log, storeWith(940_000), followed)).toEqual({
      name: 'audit log',
      ok: true,
      detail:
        'stale: leaf 5 has waited 60 s to be published by the other gateway that holds log.lock: look at that one',
    });
    expect(late).toEqual([60_000]);
    const forked = { ...log, failure: new CausewayError('log-forked') };
    expect(await checkLog(forked, storeWith(undefined), clock)).toMatchObject({ ok: false });
  });

  test('is given time after a start, however old the leaves are that an earlier life left', async () => {
    const justStarted = { now: 1_000_000, startedAt: 999_000 };
    const log = { latest: published, failure: undefined, isFollowing: false };
    expect(await checkLog(log, storeWith(0), justStarted)).toMatchObject({ ok: true });
  });

  test('says what keeps it from being published, and leaves a store that cannot be read to its own check', async () => {
    expect(await check(undefined, new CausewayError('log-forked'))).toMatchObject({
      ok: false,
      detail: 'log-forked',
    });
    const unforeseen = new CausewayError('internal-error', {
      detail: 'EMFILE, open /srv/causeway/log/checkpoint',
    });
    expect(await check(undefined, unforeseen)).toMatchObject({ ok: false, detail: 'internal-error' });
    const store = { readLeaves: () => Promise.reject(new CausewayError('store-unavailable')) };
    const unread = await checkLog(
      { latest: undefined, failure: undefined, isFollowing: false },
      store,
      clock,
    );
    expect(unread).toMatchObject({ ok: true });
  });

  test('is not well where it does not continue its copy; a copy that cannot be written can wait', () => {
    const name = 'copy of the audit log';
    expect(checkCopy({ copyFailure: undefined })).toEqual([]);
    const forked = new CausewayError('log-forked', { detail: 'It has 9 leaves.' });
    expect(checkCopy({ copyFailure: forked })).toEqual([
      { name, ok: false, detail: 'log-forked: It has 9 leaves.' },
    ]);
    const away = new CausewayError('internal-error');
    expect(checkCopy({ copyFailure: away })).toEqual([{ name, ok: true, detail: 'internal-error' }]);
  });

  test('keeps nobody from sending where its checkpoints cannot be kept beside it, and says so', () => {
    expect(checkKeeping({ keepingFailure: undefined })).toEqual([]);
    const full = new CausewayError('store-unavailable', { detail: 'No space is left.' });
    expect(checkKeeping({ keepingFailure: full })).toEqual([
      { name: 'kept checkpoints', ok: true, detail: 'store-unavailable: No space is left.' },
    ]);
  });
});

test('a certificate is well between its two ends, and one that is not valid yet says what to look at', async () => {
  const dayMs = 86_400_000;
  const madeAt = Date.parse('2026-11-30T12:00:00Z');
  const { certificatePem } = await createAuthority({ name: 'Test gateway', now: madeAt });
  const after = (days: number) => checkCertificate('issuing CA', certificatePem, madeAt + days * dayMs);
  const name = 'issuing CA';
  expect(after(0)).toEqual({ name, ok: true, detail: 'valid for 3653 more days' });
  expect(after(3_700)).toEqual({ name, ok: false, detail: 'expired' });
  expect(after(-300)).toEqual({
    name,
    ok: false,
    detail:
      'clock-wrong: not valid before 2026-11-30: check the clock of this machine, then start the gateway again',
  });
});

test('a clock that may run ahead is no clock to take messages by', () => {
  expect(checkClock(false)).toEqual([]);
  expect(checkClock(true)).toEqual([
    { name: 'clock', ok: false, detail: expect.stringMatching(/^clock-wrong, or a long rest/) as string },
  ]);
});

test('a disk that is short of room is told without how much is left: anybody may ask', () => {
  const name = 'room for messages';
  expect(checkRoom(undefined)).toEqual([]);
  expect(checkRoom('enough')).toEqual([{ name, ok: true, detail: 'new messages are taken' }]);
  expect(checkRoom('scarce')).toEqual([
    { name, ok: true, detail: 'scarce: agencies that sent much lately are refused for now' },
  ]);
  expect(checkRoom('short')).toEqual([
    { name, ok: false, detail: 'short: new messages are refused for now, but for small immediate ones' },
  ]);
  expect(checkRoom('full')).toEqual([
    { name, ok: false, detail: 'full: all new messages are refused for now' },
  ]);
});

test('rows of the directory that were put back or are gone are told of without whose they are, and keep nobody else from sending', () => {
  expect(checkDirectory({ putBack: [], gone: [] })).toEqual([]);
  const duty = 'north-lanarkshire-social-work/duty' as EndpointAddress;
  const said = (detail: string) => [{ name: 'directory', ok: true, detail }];
  expect(checkDirectory({ putBack: [duty], gone: [] })).toEqual(
    said('1 row was put back to an older entry: whoever it is about is locked out'),
  );
  expect(checkDirectory({ putBack: [], gone: [duty] })).toEqual(
    said('1 row is gone: whoever it is about is locked out'),
  );
  expect(checkDirectory({ putBack: [duty, duty], gone: [duty, duty] })).toEqual(
    said('2 rows were put back to an older entry, 2 rows are gone: whoever it is about is locked out'),
  );
});

test('a correlator that still reads history, or fails, is told of, and keeps nobody from sending', () => {
  expect(checkCorrelator({ is: 'off' })).toEqual([]);
  expect(checkCorrelator({ is: 'held' })).toMatchObject([
    { ok: true, detail: expect.stringContaining('alerts wait') as string },
  ]);
  expect(checkCorrelator({ is: 'reading', part: 0.456 })).toEqual([
    { name: 'correlator', ok: true, detail: 'reads history, 45 %: alerts wait until it has' },
  ]);
  const [stuck] = checkCorrelator({ is: 'stuck' });
  expect(stuck).toMatchObject({ ok: true, detail: expect.stringContaining('alert-stuck') as string });
  const [failing] = checkCorrelator({ is: 'failing', code: 'store-unavailable' });
  expect(failing).toMatchObject({ ok: true, detail: expect.stringContaining('store-unavailable') as string });
});

test('an agreement that is not the one applied last is told of, and keeps nobody from sending', () => {
  expect(checkAgreement(false)).toEqual([]);
  expect(checkAgreement(true)).toMatchObject([{ name: 'sharing agreement', ok: true }]);
});
