import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { maxStuck, StuckAlerts } from '../../../gateway/alerts/stuck-alerts.ts';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import { alertMessageId } from '../../../gateway/correlator/alert-document.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import {
  type AlertFixture,
  alertOf,
  health,
  north,
  openAlertFixture,
  police,
  twoAgencies,
} from './alert-fixture.ts';

type Line = { readonly event?: string; readonly firedAt?: number; readonly evidence?: unknown };

/** Some notices of which the gateway can make and record no alert for as long as it is faulty. */
async function faulty(fixture: AlertFixture) {
  const lines: Line[] = [];
  const log = pino({ level: 'fatal' }, { write: (line) => lines.push(JSON.parse(line) as Line) });
  const state = { error: new RangeError('a fault of the gateway') as Error | undefined };
  const fail = () => (state.error === undefined ? undefined : Promise.reject(state.error));
  const store = {
    ...fixture.store,
    appendRecords: (...given: Parameters<typeof fixture.store.appendRecords>) =>
      fail() ?? fixture.store.appendRecords(...given),
  };
  const sender = fixture.sender({
    store,
    submit: (...given) => fail() ?? fixture.submit(...given),
  });
  await fixture.enrol(north, 'duty');
  const stuck = new StuckAlerts({ send: (alert, lease) => sender.send(alert, lease), log });
  return { lines, state, stuck };
}

async function twoNotices(fixture: AlertFixture, from: number): Promise<Alert> {
  const events = [await fixture.notice(from, police, north), await fixture.notice(from + 1, health, north)];
  return alertOf(events, twoAgencies);
}

describe('an alert that can be neither sent nor recorded', () => {
  it('is told to the log with its evidence, and those behind it are sent', async () => {
    await using fixture = await openAlertFixture();
    const { lines, state, stuck } = await faulty(fixture);
    const [alert, next] = [await twoNotices(fixture, 1), await twoNotices(fixture, 11)];
    await stuck.send(alert, fixture.lease);
    state.error = undefined;
    await stuck.send(next, fixture.lease);
    const evidence = alert.events.map(({ id, source }) => ({ id, source }));
    expect(lines).toMatchObject([{ event: 'alert-stuck', firedAt: alert.firedAt, evidence }]);
    expect(await fixture.records('alert.raised')).toMatchObject([{ message: alertMessageId(next) }]);
  });

  it('is sent by a later look, once', async () => {
    await using fixture = await openAlertFixture();
    const { lines, state, stuck } = await faulty(fixture);
    const alert = await twoNotices(fixture, 1);
    await stuck.send(alert, fixture.lease);
    await stuck.retry(fixture.lease);
    expect(stuck.size).toBe(1);
    state.error = undefined;
    await stuck.retry(fixture.lease);
    await stuck.retry(fixture.lease);
    expect(stuck.size).toBe(0);
    expect(lines).toHaveLength(1);
    expect(await fixture.records('alert.raised')).toMatchObject([{ message: alertMessageId(alert) }]);
  });

  it('is not held where the store as a whole takes nothing: the look fails, and comes by it again', async () => {
    await using fixture = await openAlertFixture();
    const { lines, state, stuck } = await faulty(fixture);
    state.error = new CausewayError('store-unavailable');
    const alert = await twoNotices(fixture, 1);
    await expect(stuck.send(alert, fixture.lease)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect([stuck.size, lines]).toEqual([0, []]);
  });

  it('takes the place of the oldest where there are too many', async () => {
    const fail = (): Promise<never> => Promise.reject(new RangeError('a fault of the gateway'));
    const stuck = new StuckAlerts({ send: fail, log: pino({ level: 'silent' }) });
    const event = { id: 'a', time: 0, arrived: 0, source: police, category: 'concern', severity: 'concern' };
    for (let nth = 0; nth <= maxStuck; nth += 1) {
      const alert = alertOf([{ ...event, id: String(nth) }], twoAgencies);
      await stuck.send(alert, { name: 'correlator', epoch: 1 });
    }
    expect(stuck.size).toBe(maxStuck);
  });
});
