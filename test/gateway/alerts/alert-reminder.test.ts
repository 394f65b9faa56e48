import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { decryptAndVerify } from '../../../clients/sdk/openpgp.ts';
import { findAnsweredAlert, noteDisposition } from '../../../gateway/alerts/answered-alert.ts';
import { alertMessageId, reminderIdOf } from '../../../gateway/correlator/alert-document.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { decodeContent } from '../../../protocol/wire/content.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { decodeUnit } from '../../../protocol/wire/frame.ts';
import { sampleEnvelope } from '../../protocol/samples.ts';
import {
  type AlertFixture,
  alertOf,
  health,
  hub,
  north,
  openAlertFixture,
  police,
  south,
  twoAgencies,
} from './alert-fixture.ts';

const committee = 'child-protection-committee/overview' as EndpointAddress;

/** An alert about notices of police and health to north, sent to north and police. @returns its id */
async function sendAlert(fixture: AlertFixture): Promise<MessageId> {
  await fixture.enrol(north, 'duty');
  await fixture.enrol(police, 'public-protection');
  const alert = alertOf(
    [await fixture.notice(1, police, north), await fixture.notice(2, health, north)],
    twoAgencies,
  );
  await fixture.sender().send(alert, fixture.lease);
  return alertMessageId(alert);
}

const reminders = async (fixture: AlertFixture) =>
  (await fixture.records('message.accepted')).filter(({ category }) => category === 'alert-reminder');

describe('a reminder', () => {
  it('goes to those whom the agreement names for it, in the agencies that got the alert, and names the alert', async () => {
    await using fixture = await openAlertFixture();
    const id = await sendAlert(fixture);
    const reader = await fixture.enrol(hub, 'mash');
    await fixture.enrol(south, 'duty');
    await fixture.enrol(committee, 'oversight');
    const sent = await fixture.reminder().remind({ id, thread: id }, fixture.lease);
    expect(sent).toEqual({ reminder: { id: reminderIdOf(id), to: [north, hub] }, isToRecord: true });
    const [evidence] = await fixture.store.readEvidence(reminderIdOf(id));
    const { envelope, payload } = decodeUnit(evidence!.unit);
    expect(parseEnvelope(envelope)).toMatchObject({
      category: 'alert-reminder',
      severity: 'urgent',
      inReplyTo: id,
      thread: id,
      to: [north, hub],
      sequence: [2, 1],
      subjects: [],
    });
    const content = await decryptAndVerify(payload, {
      decryptWith: reader,
      senderCertificate: fixture.keys.certificateArmored,
    });
    expect(JSON.parse(decodeContent(content).body.toString('utf8'))).toMatchObject({
      alert: id,
      pattern: { id: twoAgencies.id, version: 1, title: 'Two agencies' },
      level: 'suspect',
      sentTo: [north, police],
      events: [{ agency: 'strathclyde-police' }, { agency: 'nhs-lanarkshire' }],
    });
  });

  it('is sent once, however often and by whichever gateway it is asked for, and after a crash', async () => {
    await using fixture = await openAlertFixture();
    const id = await sendAlert(fixture);
    const overdue = { id, thread: id };
    const down = (): Promise<never> => Promise.reject(new CausewayError('store-unavailable'));
    const crashing = fixture.reminder({ store: { ...fixture.store, setMarks: down } });
    await expect(crashing.remind(overdue, fixture.lease)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    for (let times = 0; times < 2; times++) {
      const again = await fixture.reminder().remind(overdue, fixture.lease);
      expect(again).toEqual({ reminder: { id: reminderIdOf(id), to: [north] }, isToRecord: true });
    }
    expect(await reminders(fixture)).toHaveLength(1);
  });

  it.each([new RangeError('a fault of the gateway'), new CausewayError('internal-error')])(
    'that cannot be made is none, and the alert is recorded all the same: %s',
    async (failure) => {
      await using fixture = await openAlertFixture();
      const id = await sendAlert(fixture);
      const reminder = fixture.reminder({ submit: () => Promise.reject(failure) });
      expect(await reminder.remind({ id, thread: id }, fixture.lease)).toEqual({ isToRecord: true });
      expect(await reminders(fixture)).toEqual([]);
    },
  );

  it('is named by the leaf also where the gateway fails right after it was accepted', async () => {
    await using fixture = await openAlertFixture();
    const id = await sendAlert(fixture);
    const reminder = fixture.reminder({
      submit: async (...letter) => {
        await fixture.submit(...letter);
        throw new RangeError('a fault of the gateway');
      },
    });
    expect(await reminder.remind({ id, thread: id }, fixture.lease)).toEqual({
      reminder: { id: reminderIdOf(id), to: [north] },
      isToRecord: true,
    });
  });

  it('is not sent while it cannot be read whether the alert was erased', async () => {
    await using fixture = await openAlertFixture();
    const id = await sendAlert(fixture);
    const damaged = new CausewayError('store-damaged');
    const store = { ...fixture.store, readLeaves: () => Promise.reject(damaged) };
    await expect(fixture.reminder({ store }).remind({ id, thread: id }, fixture.lease)).rejects.toBe(damaged);
    expect(await reminders(fixture)).toEqual([]);
  });

  it('asks for no second leaf where a crash came between the leaf and its mark', async () => {
    await using fixture = await openAlertFixture();
    const id = await sendAlert(fixture);
    const overdue = { id, thread: id };
    await fixture.reminder().remind(overdue, fixture.lease);
    await fixture.store.appendRecords([{ kind: 'alert.overdue', message: id, thread: id }], fixture.lease);
    expect(await fixture.reminder().remind(overdue, fixture.lease)).toMatchObject({ isToRecord: false });
  });

  it('is not sent where no leaf says any more what the alert was, and that it is overdue is recorded all the same', async () => {
    await using fixture = await openAlertFixture();
    const id = await sendAlert(fixture);
    const store = { ...fixture.store, readLeaves: () => Promise.resolve([]) };
    const outcome = await fixture.reminder({ store }).remind({ id, thread: id }, fixture.lease);
    expect(outcome).toEqual({ isToRecord: true });
    expect(await reminders(fixture)).toEqual([]);
  });

  it('is sent to nobody where nobody holds such a role, and about nothing but an alert', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(police, 'public-protection');
    const alert = alertOf([await fixture.notice(1, police, north)], twoAgencies);
    await fixture.sender().send(alert, fixture.lease);
    const id = alertMessageId(alert);
    const [notice] = alert.events.map((event) => event.id as MessageId);
    expect(await fixture.reminder().remind({ id, thread: id }, fixture.lease)).toEqual({ isToRecord: true });
    expect(await fixture.reminder().remind({ id: notice!, thread: id }, fixture.lease)).toEqual({
      isToRecord: false,
    });
    expect(await reminders(fixture)).toEqual([]);
    expect(await fixture.records('message.refused')).toEqual([]);
  });
});

it('an answer is about the alert, whether it replies to that or to the reminder, from whoever got either', async () => {
  await using fixture = await openAlertFixture();
  const id = await sendAlert(fixture);
  await fixture.enrol(hub, 'mash');
  const { store } = fixture;
  expect(await findAnsweredAlert(store, id, hub)).toBeUndefined();
  await fixture.reminder().remind({ id, thread: id }, fixture.lease);
  for (const replied of [id, reminderIdOf(id)]) {
    for (const source of [north, police, hub])
      expect(await findAnsweredAlert(store, replied, source)).toEqual({ id, thread: id });
    expect(await findAnsweredAlert(store, replied, south)).toBeUndefined();
  }
  const [notice] = await fixture.records('message.accepted');
  const lines: unknown[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line)) });
  const answer = (source: EndpointAddress): Promise<boolean> => {
    const envelope = { ...sampleEnvelope(), source, category: 'alert-known', inReplyTo: id };
    return noteDisposition({ store, log }, { envelope, event: { arrived: 1 } }, fixture.lease);
  };
  expect([await answer(north), await answer(south)]).toEqual([true, false]);
  expect(await fixture.records('alert.disposed')).toMatchObject([{ alert: id, source: north }]);
  expect(lines).toMatchObject([{ source: south, inReplyTo: id }]);
  expect(await findAnsweredAlert(store, notice!.message as MessageId, north)).toBeUndefined();
});

it('an answer that cannot be noted by itself holds up no look; one that waits for the store does', async () => {
  await using fixture = await openAlertFixture();
  const id = await sendAlert(fixture);
  const answer = (code: 'store-damaged' | 'store-unavailable'): Promise<boolean> => {
    const envelope = { ...sampleEnvelope(), source: north, category: 'alert-known', inReplyTo: id };
    const store = { ...fixture.store, appendRecords: () => Promise.reject(new CausewayError(code)) };
    const log = pino({ level: 'silent' });
    return noteDisposition({ store, log }, { envelope, event: { arrived: 1 } }, fixture.lease);
  };
  expect(await answer('store-damaged')).toBe(false);
  await expect(answer('store-unavailable')).rejects.toMatchObject({ code: 'store-unavailable' });
});
