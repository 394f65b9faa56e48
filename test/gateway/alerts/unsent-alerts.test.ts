import { describe, expect, it, vi } from 'vitest';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import type { StoredLeaf } from '../../../gateway/store/port.ts';
import { alertMessageId } from '../../../gateway/correlator/alert-document.ts';
import {
  maxUnsent,
  placeForUnsent,
  unsentForMs,
  type UnsentAlerts,
  type UnsentAlertsDependencies,
} from '../../../gateway/alerts/unsent-alerts.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { correlatorAddress, type MessageId } from '../../../protocol/ids.ts';
import { type AlertFixture, alertOf, health, north, openAlertFixture, police, south, twoAgencies } from './alert-fixture.ts'; // prettier-ignore
import { noon } from '../store/synthetic-messages.ts';

/** An alert on two notices, which was sent while nobody was there to have it. */
async function unsentAlert(fixture: AlertFixture, from = 1): Promise<Alert> {
  const events = [await fixture.notice(from, police, north), await fixture.notice(from + 1, health, north)];
  const alert = alertOf(events, twoAgencies);
  await fixture.sender().send(alert, fixture.lease);
  return alert;
}

/** How many notices of alerts it tries to send. */
function countingSends(
  fixture: AlertFixture,
  changes: Partial<UnsentAlertsDependencies> = {},
): {
  readonly unsent: UnsentAlerts;
  readonly tries: () => number;
} {
  const send = vi.fn((alert: Alert) => fixture.sender().sendAgain(alert, fixture.lease));
  return { unsent: fixture.unsent({ send, ...changes }), tries: () => send.mock.calls.length };
}

const recipientsOf = async ({ store }: AlertFixture, alert: Alert): Promise<string[] | undefined> => {
  const message = await store.readMessage(correlatorAddress, alertMessageId(alert));
  return message?.deliveries.map(({ recipient }) => recipient);
};

describe('an alert that reached nobody', () => {
  it('is sent once somebody enrols whom the agreement names for it, once, with its leaf', async () => {
    await using fixture = await openAlertFixture();
    const alert = await unsentAlert(fixture);
    const unsent = fixture.unsent();
    await unsent.retry(fixture.lease);
    await fixture.enrol(south, 'duty');
    await unsent.retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toBeUndefined();
    await fixture.enrol(north, 'duty');
    await unsent.retry(fixture.lease);
    await fixture.enrol(police, 'public-protection');
    await unsent.retry(fixture.lease);
    await fixture.unsent().retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toEqual([north]);
    expect(await fixture.records('alert.raised')).toMatchObject([
      { message: alertMessageId(alert), firedAt: alert.firedAt, events: alert.events.map(({ id }) => id) },
    ]);
    expect(await fixture.records('alert.unsent')).toHaveLength(1);
  });

  it('because the gateway failed to make it holds up no other, and is sent by a gateway that can', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const unmakeable = new RangeError('a fault of the gateway');
    const failing = fixture.sender({ submit: () => Promise.reject(unmakeable) });
    const notices = [await fixture.notice(1, police, north), await fixture.notice(2, health, north)];
    const alert = alertOf(notices, twoAgencies);
    await failing.send(alert, fixture.lease);
    const send = (again: Alert): Promise<boolean> => failing.sendAgain(again, fixture.lease);
    await fixture.unsent({ send }).retry(fixture.lease);
    expect(await fixture.records('alert.unsent')).toMatchObject([
      { message: alertMessageId(alert), code: 'internal-error', tries: 0 },
    ]);
    await unsentAlert(fixture, 11);
    await fixture.unsent().retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toEqual([north]);
    expect(await fixture.records('alert.raised')).toHaveLength(2);
  });

  it('because the gateway failed to make it has none of the others tried again at once', async () => {
    await using fixture = await openAlertFixture();
    await unsentAlert(fixture);
    const { unsent, tries } = countingSends(fixture);
    await unsent.retry(fixture.lease);
    const failing = fixture.sender({
      submit: () => Promise.reject(new RangeError('a fault of the gateway')),
    });
    await fixture.enrol(north, 'duty');
    await unsent.retry(fixture.lease);
    const notices = [await fixture.notice(11, police, north), await fixture.notice(12, health, north)];
    await failing.send(alertOf(notices, twoAgencies), fixture.lease);
    await unsent.retry(fixture.lease);
    expect(tries()).toBe(2);
  });

  it('waits while somebody has changed what its leaf says, and is sent once that was put back', async () => {
    await using fixture = await openAlertFixture();
    const alert = await unsentAlert(fixture);
    await fixture.enrol(north, 'duty');
    const readLeaves = async (...place: [number, number]) =>
      (await fixture.store.readLeaves(...place)).map((leaf): StoredLeaf => ({
        ...leaf,
        entry: { kind: leaf.entry.kind },
        tampered: 'changed',
      }));
    await fixture.unsent({ store: { ...fixture.store, readLeaves } }).retry(fixture.lease);
    expect(await fixture.records('alert.raised')).toEqual([]);
    await fixture.unsent().retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toEqual([north]);
  });

  it.each(['readMarks', 'setMarks'] as const)(
    'is recorded once, and remembered, also where %s fails at first',
    async (step) => {
      await using fixture = await openAlertFixture();
      const notices = [await fixture.notice(1, police, north), await fixture.notice(2, health, north)];
      const alert = alertOf(notices, twoAgencies);
      const down = (): Promise<never> => Promise.reject(new CausewayError('store-unavailable'));
      const failing = fixture.sender({ store: { ...fixture.store, [step]: down } });
      await expect(failing.send(alert, fixture.lease)).rejects.toMatchObject({ code: 'store-unavailable' });
      await fixture.sender().send(alert, fixture.lease);
      expect(await fixture.records('alert.unsent')).toHaveLength(1);
      const { unsent, tries } = countingSends(fixture);
      await unsent.retry(fixture.lease);
      expect(tries()).toBe(1);
    },
  );

  it('is tried under a lease that is kept, and by no gateway that has lost it', async () => {
    await using fixture = await openAlertFixture();
    for (const from of [1, 11]) await unsentAlert(fixture, from);
    const { unsent, tries } = countingSends(fixture);
    const renew = vi.fn(async () => {
      await Promise.resolve();
      if (tries() === 1) throw new CausewayError('lease-lost');
    });
    await expect(unsent.retry(fixture.lease, renew)).rejects.toMatchObject({ code: 'lease-lost' });
    expect([renew.mock.calls.length, tries()]).toEqual([2, 1]);
  });

  it('is tried every hour, whatever keeps it from being sent', async () => {
    await using fixture = await openAlertFixture();
    await unsentAlert(fixture);
    let now = noon + 2_000;
    const { unsent, tries } = countingSends(fixture, { now: () => now });
    const hourMs = 3_600_000;
    const triesAfter: [number, number][] = [[0, 1], [hourMs - 1, 1], [1, 2], [hourMs - 1, 2], [1, 3], [-2 * hourMs, 4]]; // prettier-ignore
    for (const [elapsed, expected] of triesAfter) {
      now += elapsed;
      await unsent.retry(fixture.lease);
      expect(tries()).toBe(expected);
    }
  });

  it('is tried when the directory has changed and when a gateway begins, and no other time in the hour', async () => {
    await using fixture = await openAlertFixture();
    await unsentAlert(fixture);
    const { unsent, tries } = countingSends(fixture);
    for (let times = 0; times < 3; times++) await unsent.retry(fixture.lease);
    expect(tries()).toBe(1);
    await fixture.enrol(south, 'duty');
    for (let times = 0; times < 3; times++) await unsent.retry(fixture.lease);
    expect(tries()).toBe(2);
    await unsentAlert(fixture, 11);
    await unsent.retry(fixture.lease);
    expect(tries()).toBe(4);
    const begun = countingSends(fixture);
    await begun.unsent.retry(fixture.lease);
    expect(begun.tries()).toBe(2);
  });

  it('is sent by the next try where the store fails in the middle', async () => {
    await using fixture = await openAlertFixture();
    const alert = await unsentAlert(fixture);
    await fixture.enrol(north, 'duty');
    const down = (): Promise<never> => Promise.reject(new CausewayError('store-unavailable'));
    for (const step of ['setMarks', 'readLeaves', 'readEvidence'] as const) {
      const failing = fixture.unsent({ store: { ...fixture.store, [step]: down } });
      await expect(failing.retry(fixture.lease)).rejects.toMatchObject({ code: 'store-unavailable' });
    }
    await fixture.unsent().retry(fixture.lease);
    await fixture.unsent({ send: down }).retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toEqual([north]);
    expect(await fixture.records('alert.raised')).toHaveLength(1);
  });

  it('waits while its pattern is not in force', async () => {
    await using fixture = await openAlertFixture();
    const alert = await unsentAlert(fixture);
    await fixture.enrol(north, 'duty');
    await fixture.unsent({ patterns: [] }).retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toBeUndefined();
    await fixture.unsent().retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toEqual([north]);
  });

  it.each([new CausewayError('store-damaged'), new RangeError('a fault of the gateway')])(
    'waits while its leaf cannot be read, and holds up no other: %s',
    async (failure) => {
      await using fixture = await openAlertFixture();
      const [alert, next] = [await unsentAlert(fixture), await unsentAlert(fixture, 11)];
      await fixture.enrol(north, 'duty');
      const { store } = fixture;
      let reads = 0;
      const readLeaves: typeof store.readLeaves = (...ask) =>
        reads++ === 0 ? Promise.reject(failure) : store.readLeaves(...ask);
      await fixture.unsent({ store: { ...store, readLeaves } }).retry(fixture.lease);
      expect(await recipientsOf(fixture, alert)).toBeUndefined();
      expect(await recipientsOf(fixture, next)).toEqual([north]);
      await fixture.unsent().retry(fixture.lease);
      expect(await recipientsOf(fixture, alert)).toEqual([north]);
    },
  );

  it('waits while what it rests on is damaged, and is sent once that was put back', async () => {
    await using fixture = await openAlertFixture();
    const alert = await unsentAlert(fixture);
    await fixture.enrol(north, 'duty');
    const { store } = fixture;
    const damaged = async (id: MessageId) =>
      (await store.readEvidence(id)).map((one) => ({ ...one, unit: one.unit.subarray(0, 40) }));
    for (const readEvidence of [damaged, () => Promise.resolve([])])
      await fixture.unsent({ store: { ...store, readEvidence } }).retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toBeUndefined();
    await fixture.unsent().retry(fixture.lease);
    expect(await recipientsOf(fixture, alert)).toEqual([north]);
  });

  it.each<[string, (fixture: AlertFixture) => Promise<void>]>([
    ['is old', (fixture) => fixture.unsent({ now: () => noon + unsentForMs + 2_000 }).retry(fixture.lease)],
    [
      'rests on what was erased',
      async (fixture) => {
        const { store, lease } = fixture;
        const readEvidence = async (id: MessageId) =>
          (await store.readEvidence(id)).map((one) => ({ ...one, unit: Buffer.alloc(0) }));
        await fixture.unsent({ store: { ...store, readEvidence } }).retry(lease);
      },
    ],
    [
      'was erased itself',
      async (fixture) => {
        const { store, lease } = fixture;
        const readLeaves: typeof store.readLeaves = async (from, limit) =>
          (await store.readLeaves(from, limit)).map((leaf) => ({ ...leaf, entry: { kind: 'alert.unsent' } }));
        await fixture.unsent({ store: { ...store, readLeaves } }).retry(lease);
      },
    ],
  ])('is given up for good where it %s', async (_, retry) => {
    await using fixture = await openAlertFixture();
    await unsentAlert(fixture);
    await fixture.enrol(north, 'duty');
    await retry(fixture);
    const { unsent, tries } = countingSends(fixture);
    await unsent.retry(fixture.lease);
    expect(tries()).toBe(0);
  });

  it('has a place among the newest, however many there are', async () => {
    const marks = new Map<string, number>();
    const store = {
      readMarks: () => Promise.resolve(new Map(marks)),
      setMarks: (more: ReadonlyMap<string, number>) => {
        for (const [name, value] of more) marks.set(name, value);
        return Promise.resolve();
      },
    };
    for (let leaf = 1; leaf <= maxUnsent + 10; leaf++)
      marks.set(await placeForUnsent(store, { lease: { name: 'x', epoch: 1 }, isForWant: true }), leaf + 1);
    const kept = [...marks.values()].filter((value) => value > 0);
    expect(kept).toHaveLength(maxUnsent);
    expect(Math.min(...kept)).toBe(12);
  });
});
