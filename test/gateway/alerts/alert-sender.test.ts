import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { decryptAndVerify } from '../../../clients/sdk/openpgp.ts';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import { alertMessageId } from '../../../gateway/correlator/alert-document.ts';
import { readAlertRecord } from '../../../gateway/correlator/alert-record.ts';
import { CausewayError } from '../../../protocol/errors.ts';
import { correlatorAddress } from '../../../protocol/ids.ts';
import { decodeContent } from '../../../protocol/wire/content.ts';
import { parseEnvelope, type Envelope } from '../../../protocol/wire/envelope.ts';
import { decodeUnit } from '../../../protocol/wire/frame.ts';
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

/** Police and health have told north; the alert rests on both notices. */
async function twoNotices(fixture: AlertFixture, from = 1): Promise<Alert> {
  const events = [await fixture.notice(from, police, north), await fixture.notice(from + 1, health, north)];
  return alertOf(events, twoAgencies);
}

async function envelopeOf({ store }: AlertFixture, alert: Alert): Promise<Envelope> {
  const [evidence] = await store.readEvidence(alertMessageId(alert));
  return parseEnvelope(decodeUnit(evidence!.unit).envelope);
}

const down = (): Promise<never> => Promise.reject(new CausewayError('store-unavailable'));

describe('an alert', () => {
  it('is not encrypted to a key that somebody has put into the database, and reaches the others', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const { certificateArmored, encryptionKey, fingerprint } = await fixture.enrol(south, 'duty');
    await fixture.enrol(police, 'public-protection');
    const database = new DatabaseSync(fixture.file, { timeout: 5_000 });
    database
      .prepare(
        `UPDATE directory_entry SET entry = json_set(entry, '$.openpgpCertificate', ?, '$.encryptionKey', ?,
           '$.openpgpFingerprint', ?) WHERE entry ->> 'endpoint' = ?`,
      )
      .run(certificateArmored, encryptionKey, fingerprint, north);
    database.exec("UPDATE meta SET value = value + 1 WHERE name = 'directory'");
    database.close();
    await fixture.reloadDirectory();
    const alert = await twoNotices(fixture);
    await fixture.sender().send(alert, fixture.lease);
    expect((await envelopeOf(fixture, alert)).to).toEqual([police]);
  });

  it('goes to those with a role for its level, in the agencies that know of the child, readable by them alone', async () => {
    await using fixture = await openAlertFixture();
    const reader = await fixture.enrol(north, 'duty');
    const stranger = await fixture.enrol(south, 'duty');
    await fixture.enrol(police, 'public-protection');
    await fixture.enrol(hub, 'concern-hub');
    const alert = await twoNotices(fixture);
    await fixture.sender().send(alert, fixture.lease);
    const { to, sequence, recipientKeys, id } = await envelopeOf(fixture, alert);
    expect(to).toEqual([north, police]);
    expect(sequence).toEqual([1, 1]);
    expect(recipientKeys).toHaveLength(2);
    const [evidence] = await fixture.store.readEvidence(id);
    const { payload } = decodeUnit(evidence!.unit);
    const senderCertificate = fixture.keys.certificateArmored;
    const content = await decryptAndVerify(payload, { decryptWith: reader, senderCertificate });
    expect(JSON.parse(decodeContent(content).body.toString('utf8'))).toMatchObject({
      pattern: { title: 'Two agencies', version: 1 },
      events: [{ agency: 'strathclyde-police' }, { agency: 'nhs-lanarkshire' }],
      links: [{ types: ['name-birth'] }],
    });
    await expect(
      decryptAndVerify(payload, { decryptWith: stranger, senderCertificate }),
    ).rejects.toMatchObject({ code: 'payload-undecryptable' });
  });

  it('that is handed on again is neither sent, counted nor recorded again', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const alert = await twoNotices(fixture);
    for (let times = 0; times < 3; times++) await fixture.sender().send(alert, fixture.lease);
    const next = await twoNotices(fixture, 11);
    await fixture.sender().send(next, fixture.lease);
    expect((await envelopeOf(fixture, next)).sequence).toEqual([2]);
    expect(await fixture.records('alert.raised')).toHaveLength(2);
    const raised = (await fixture.records('alert.raised')).map(readAlertRecord);
    expect(raised).toMatchObject([
      { message: alertMessageId(alert), agencies: ['nhs-lanarkshire', 'strathclyde-police'] },
      { message: alertMessageId(next) },
    ]);
    const accepted = await fixture.records('message.accepted');
    expect(accepted.filter(({ source }) => source === correlatorAddress)).toHaveLength(2);
  });

  it.each(['alert.raised', 'alert.unsent'])(
    'is erased with its case, its leaf `%s` included, and not told again by a gateway that begins anew',
    async (kind) => {
      await using fixture = await openAlertFixture();
      if (kind === 'alert.raised') await fixture.enrol(north, 'duty');
      const alert = await twoNotices(fixture);
      await fixture.sender().send(alert, fixture.lease);
      const { store } = fixture;
      const of = alertMessageId(alert);
      const all = async () => store.readLeaves(0, 1_000);
      expect((await all()).find(({ entry }) => entry.kind === kind)).toMatchObject({ case: of });
      const now = Date.now() + 40 * 86_400_000;
      await store.expire(now, 100);
      expect(await store.eraseCase(of, { kind: 'case.erased', case: of })).toBe('erased');
      if (kind === 'alert.raised') await fixture.sender().send(alert, fixture.lease);
      const told = (await all()).filter(({ entry }) => entry.kind === kind);
      expect(told).toMatchObject([{ erased: true }]);
      expect(told.map(({ entry }) => readAlertRecord(entry))).toEqual([undefined]);
    },
  );

  it('is on record right behind its acceptance, also where the gateway ends before anything else', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const alert = await twoNotices(fixture);
    const crashing = fixture.sender({
      submit: async (...letter) => {
        await fixture.submit(...letter);
        return down();
      },
    });
    await expect(crashing.send(alert, fixture.lease)).rejects.toMatchObject({ code: 'store-unavailable' });
    const leaves = await fixture.store.readLeaves(0, 1_000);
    const raised = leaves.find(({ entry }) => entry.kind === 'alert.raised');
    const sent = await fixture.store.readMessage(correlatorAddress, alertMessageId(alert));
    expect([raised?.index, raised?.entry.message]).toEqual([sent!.record + 1, alertMessageId(alert)]);
    await fixture.sender().send(alert, fixture.lease);
    expect(await fixture.records('alert.raised')).toHaveLength(1);
    expect(await fixture.records('message.repeated')).toEqual([]);
    const next = await twoNotices(fixture, 11);
    await fixture.sender().send(next, fixture.lease);
    expect((await envelopeOf(fixture, next)).sequence).toEqual([2]);
  });

  it('of a version before, which ended before it was recorded, is recorded by the next look', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const alert = await twoNotices(fixture);
    const before = fixture.sender({
      submit: (sender, unit, lease) => fixture.submit(sender, unit, lease, undefined),
    });
    await before.send(alert, fixture.lease);
    expect(await fixture.records('alert.raised')).toEqual([]);
    for (let look = 0; look < 2; look++) await fixture.sender().send(alert, fixture.lease);
    expect(await fixture.records('alert.raised')).toHaveLength(1);
  });

  it('that cannot be kept now is not given up', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const alert = await twoNotices(fixture);
    await expect(fixture.sender({ submit: down }).send(alert, fixture.lease)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    expect(await fixture.records('alert.unsent')).toEqual([]);
    await fixture.sender().send(alert, fixture.lease);
    expect(await fixture.records('alert.raised')).toHaveLength(1);
  });

  it.each(['store-damaged', 'internal-error'] as const)(
    'that fails for something that will not pass, holds up no other: %s',
    async (code) => {
      await using fixture = await openAlertFixture();
      await fixture.enrol(north, 'duty');
      const alert = await twoNotices(fixture);
      const failing = fixture.sender({ submit: () => Promise.reject(new CausewayError(code)) });
      await failing.send(alert, fixture.lease);
      expect(await fixture.records('alert.unsent')).toMatchObject([
        { message: alertMessageId(alert), code: 'internal-error', tries: 0 },
      ]);
    },
  );

  it('is not recorded as unsent where the gateway fails right after it was accepted', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const alert = await twoNotices(fixture);
    const failing = fixture.sender({
      submit: async (...letter) => {
        await fixture.submit(...letter);
        throw new RangeError('a fault of the gateway');
      },
    });
    await failing.send(alert, fixture.lease);
    expect(await failing.sendAgain(alert, fixture.lease)).toBe(true);
    expect(await fixture.records('alert.raised')).toHaveLength(1);
    expect(await fixture.records('alert.unsent')).toEqual([]);
  });

  describe('that can be neither sent nor recorded', () => {
    const failure = new RangeError('a fault of the gateway');
    const failing = (fixture: AlertFixture, appendRecords: () => Promise<never>) => {
      const lines: object[] = [];
      const write = (line: string): void => {
        if (line.includes('"alert-stuck"')) lines.push(JSON.parse(line) as object);
      };
      const log = pino({ level: 'error' }, { write });
      const store = { ...fixture.store, appendRecords };
      return { lines, sender: fixture.sender({ store, log, submit: () => Promise.reject(failure) }) };
    };

    it('is told to the log, without what it rests on, and tried again by whoever holds it', async () => {
      await using fixture = await openAlertFixture();
      await fixture.enrol(north, 'duty');
      const alert = await twoNotices(fixture);
      const { sender, lines } = failing(fixture, () => Promise.reject(failure));
      expect(await sender.trySend(alert, fixture.lease)).toBe(false);
      const stuck = { event: 'alert-stuck', alert: alertMessageId(alert), firedAt: alert.firedAt };
      expect(lines.at(-1)).toMatchObject({ ...stuck, level: alert.level });
      sender.letGo(alert, 'too-many');
      expect(lines.at(-1)).toMatchObject({ ...stuck, why: 'too-many', msg: 'stuck alert let go' });
      for (const { id } of alert.events) expect(JSON.stringify(lines)).not.toContain(id);
      expect(await fixture.sender().trySend(alert, fixture.lease)).toBe(true);
      expect(await fixture.records('alert.raised')).toMatchObject([{ message: alertMessageId(alert) }]);
    });

    it('is not held while it is the store as a whole that takes nothing', async () => {
      await using fixture = await openAlertFixture();
      await fixture.enrol(north, 'duty');
      const alert = await twoNotices(fixture);
      const { sender, lines } = failing(fixture, down);
      await expect(sender.trySend(alert, fixture.lease)).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(lines).toEqual([]);
    });
  });

  it('for which nobody can be found is recorded as unsent', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(south, 'duty');
    const alert = await twoNotices(fixture);
    await fixture.sender().send(alert, fixture.lease);
    expect(await fixture.records('alert.unsent')).toMatchObject([{ message: alertMessageId(alert) }]);
    expect(await fixture.records('alert.raised')).toEqual([]);
  });

  it('is submitted under the lease, so that a gateway that has lost it sends nothing', async () => {
    await using fixture = await openAlertFixture();
    await fixture.enrol(north, 'duty');
    const alert = await twoNotices(fixture);
    const { lease } = fixture;
    const leases: unknown[] = [];
    const sender = fixture.sender({
      submit: (_, __, given) => {
        leases.push(given);
        return Promise.reject(new CausewayError('lease-lost'));
      },
    });
    await expect(sender.send(alert, lease)).rejects.toMatchObject({ code: 'lease-lost' });
    expect(leases).toEqual([lease]);
    expect(await fixture.records('alert.raised')).toEqual([]);
  });
});
