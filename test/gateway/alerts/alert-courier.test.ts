import { describe, expect, it } from 'vitest';
import { decryptAndVerify } from '../../../clients/sdk/openpgp.ts';
import type { AlertCourierDependencies } from '../../../gateway/alerts/alert-courier.ts';
import { alertIds, alertMessageId, raisedAtOf } from '../../../gateway/correlator/alert-document.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { correlatorAddress } from '../../../protocol/ids.ts';
import { parseEnvelope } from '../../../protocol/wire/envelope.ts';
import { decodeUnit } from '../../../protocol/wire/frame.ts';
import { type AlertFixture, alertOf, north, openAlertFixture, police, twoAgencies } from './alert-fixture.ts';
import { messageId } from '../store/synthetic-messages.ts';

type Submit = AlertCourierDependencies['submit'];

/** Two notices to north, whose duty endpoint is enrolled, and what happens to its key between sealing and submitting. */
async function prepare(fixture: AlertFixture) {
  await fixture.enrol(north, 'duty');
  const alert = alertOf(
    [await fixture.notice(1, police, north), await fixture.notice(2, police, north)],
    twoAgencies,
  );
  /** Enrols north anew, with another key, before each of the first `times` submissions. */
  const changingKeys = (times: number): Submit => {
    let left = times;
    return async (...submission) => {
      if (left-- > 0) await fixture.enrol(north, 'duty');
      return await fixture.submit(...submission);
    };
  };
  return { alert, first: alertMessageId(alert), changingKeys };
}

async function refusals(fixture: AlertFixture): Promise<readonly unknown[]> {
  return (await fixture.records('message.refused')).map(({ code }) => code);
}

describe('an alert that is refused for good', () => {
  it('is encrypted again to the keys of now, under the next id that follows from the first', async () => {
    await using fixture = await openAlertFixture();
    const { alert, first, changingKeys } = await prepare(fixture);
    let reader = await fixture.enrol(north, 'duty');
    let calls = 0;
    const submit: Submit = async (...submission) => {
      if (calls++ === 0) reader = await fixture.enrol(north, 'duty');
      return await fixture.submit(...submission);
    };
    expect(await fixture.sender().wasSent(alert)).toBe(false);
    await fixture.sender({ submit }).send(alert, fixture.lease);
    const [, second] = alertIds(first);
    const [evidence] = await fixture.store.readEvidence(second!);
    const { envelope, payload } = decodeUnit(evidence!.unit);
    expect(parseEnvelope(envelope)).toMatchObject({ id: second, thread: first, to: [north], sequence: [1] });
    const senderCertificate = fixture.keys.certificateArmored;
    expect(
      (await decryptAndVerify(payload, { decryptWith: reader, senderCertificate })).length,
    ).toBeGreaterThan(0);
    expect(await refusals(fixture)).toEqual(['recipient-keys-mismatch']);
    expect(await fixture.records('alert.raised')).toMatchObject([{ message: second, thread: first }]);
    // Handed on again, it is known under the id that it got.
    expect(await fixture.sender().wasSent(alert)).toBe(true);
    await fixture.sender({ submit: changingKeys(1) }).send(alert, fixture.lease);
    expect(await refusals(fixture)).toHaveLength(1);
    expect(await fixture.records('alert.raised')).toHaveLength(1);
  });

  it('is encrypted three times more, and then recorded as unsent with the reason', async () => {
    await using fixture = await openAlertFixture();
    const { alert, first, changingKeys } = await prepare(fixture);
    await fixture.sender({ submit: changingKeys(4) }).send(alert, fixture.lease);
    expect(await refusals(fixture)).toEqual(Array(4).fill('recipient-keys-mismatch'));
    expect(await fixture.records('alert.unsent')).toMatchObject([
      { message: first, code: 'recipient-keys-mismatch', tries: 4 },
    ]);
    expect(await fixture.records('alert.raised')).toEqual([]);
  });

  it('goes on with the next unused id after a crash in the middle of it', async () => {
    await using fixture = await openAlertFixture();
    const { alert, first, changingKeys } = await prepare(fixture);
    let calls = 0;
    const failing = changingKeys(2);
    const submit: Submit = (...submission) =>
      calls++ === 2 ? Promise.reject(new CausewayError('store-unavailable')) : failing(...submission);
    await expect(fixture.sender({ submit }).send(alert, fixture.lease)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    await fixture.sender().send(alert, fixture.lease);
    expect(await fixture.records('alert.raised')).toMatchObject([{ message: alertIds(first)[2] }]);
    const accepted = await fixture.records('message.accepted');
    expect(accepted.filter(({ source }) => source === correlatorAddress)).toHaveLength(1);
  });

  it('uses up no id where there is nobody left to write to', async () => {
    await using fixture = await openAlertFixture();
    const { alert } = await prepare(fixture);
    const isProven = (): Promise<boolean> => Promise.resolve(true);
    const nobody = { entries: () => [], get: () => undefined, isProven };
    await fixture.sender({ directory: nobody }).send(alert, fixture.lease);
    expect(await refusals(fixture)).toEqual([]);
    expect(await fixture.records('alert.unsent')).toMatchObject([{ code: 'recipient-unknown', tries: 0 }]);
  });
});

describe('the numbers of what the correlator sends', () => {
  const killed = new CausewayError('store-unavailable', { detail: 'killed' });

  /** Sends alerts to north, each of which rests on notices of its own. */
  async function openNumbering(fixture: AlertFixture) {
    await fixture.enrol(north, 'duty');
    let notices = 0;
    const nextAlert = async () => {
      const evidence = await fixture.notice(++notices, police, north);
      return alertOf([evidence, await fixture.notice(++notices, police, north)], twoAgencies);
    };
    const accepting: Submit = async (...submission) => {
      await fixture.submit(...submission);
      throw killed;
    };
    const numbers = async () =>
      (await fixture.records('message.accepted'))
        .filter(({ source }) => source === correlatorAddress)
        .map(({ sequence }) => sequence);
    return { nextAlert, accepting, numbers };
  }

  it('have no gap and no repetition when a gateway dies before it has counted what was accepted', async () => {
    await using fixture = await openAlertFixture();
    const { nextAlert, accepting, numbers } = await openNumbering(fixture);
    await fixture.sender().send(await nextAlert(), fixture.lease);
    const dying = fixture.sender({ submit: accepting }).send(await nextAlert(), fixture.lease);
    await expect(dying).rejects.toBe(killed);
    // The next process has something else to say first.
    const next = fixture.sender();
    await next.send(await nextAlert(), fixture.lease);
    await next.send(await nextAlert(), fixture.lease);
    expect(await numbers()).toEqual([[1], [2], [3], [4]]);
  });

  it('go on where nobody knows whether the last message was accepted', async () => {
    await using fixture = await openAlertFixture();
    const { nextAlert, accepting, numbers } = await openNumbering(fixture);
    let calls = 0;
    const submit: Submit = (...submission) => {
      calls += 1;
      if (calls === 2) return Promise.reject(killed);
      return calls === 3 ? accepting(...submission) : fixture.submit(...submission);
    };
    const sender = fixture.sender({ submit });
    await sender.send(await nextAlert(), fixture.lease);
    await expect(sender.send(await nextAlert(), fixture.lease)).rejects.toBe(killed);
    await expect(sender.send(await nextAlert(), fixture.lease)).rejects.toBe(killed);
    await sender.send(await nextAlert(), fixture.lease);
    expect(await numbers()).toEqual([[1], [2], [3]]);
  });
});

it('the ids of an alert are four, all with the time at which it was raised', () => {
  const ids = alertIds(messageId(1));
  expect(ids[0]).toBe(messageId(1));
  expect(new Set(ids).size).toBe(4);
  expect(new Set(ids.map(raisedAtOf)).size).toBe(1);
});
