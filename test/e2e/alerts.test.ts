import { afterAll, beforeAll, expect, it } from 'vitest';
import { enrolEndpoints } from '../../bin/sandbox.ts';
import { DatasetRegistry } from '../../clients/sdk/datasets/datasets.ts';
import { decryptAndVerify } from '../../clients/sdk/openpgp.ts';
import { loadPolicySet } from '../../gateway/policy/load.ts';
import type { StoredLeaf } from '../../gateway/store/port.ts';
import { decodeContent } from '../../protocol/wire/content.ts';
import { decodeUnit } from '../../protocol/wire/frame.ts';
import { parseEnvelope } from '../../protocol/wire/envelope.ts';
import { tokeniser } from '../clients/sdk/linkage/people.ts';
import { newId, Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import { eventually } from './kit/watch.ts';

type Name = 'police' | 'north' | 'south' | 'health';
type Child = Parameters<typeof tokeniser.tokensOf>[0];

let exchange: Exchange;
let people: Record<Name, TestEndpoint>;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north', 'south', 'health');
});
afterAll(() => exchange.close());

const categories = {
  police: 'police-concern',
  health: 'concern',
  south: 'concern',
  north: 'concern',
} as const;

async function tell(from: Name, child: Child, severity: 'concern' | 'immediate' = 'concern'): Promise<void> {
  const writer = await Writer.open(people[from], [people.north]);
  const session = await exchange.connect(people[from]);
  const subjects = [tokeniser.tokensOf(child)];
  await session.accepted(writer.message({ category: categories[from], severity, subjects }));
}

/** Three agencies about one child, the last at once. */
async function tellOfThree(child: Child): Promise<void> {
  await tell('police', child);
  await tell('health', child);
  await tell('south', child, 'immediate');
}

async function raised(): Promise<readonly StoredLeaf['entry'][]> {
  return (await exchange.records()).map(({ entry }) => entry).filter(({ kind }) => kind === 'alert.raised');
}

async function alertsAfter(count: number): Promise<readonly StoredLeaf['entry'][]> {
  return await eventually(`more than ${count} alerts`, async () => {
    const all = await raised();
    return all.length > count ? all : undefined;
  });
}

const morven = { given: 'Morven', family: 'Testcase', birthDate: '2016-03-04', postcode: 'ML1 9ZZ' };
const rory = { given: 'Rory', family: 'Example', birthDate: '2014-07-21', postcode: 'ML3 9ZZ' };

it('three agencies on one child raise an alert as soon as an immediate notice completes it', async () => {
  await tellOfThree(morven);
  const [alert] = await alertsAfter(0);
  expect(alert).toMatchObject({
    title: 'Three agencies within thirty days',
    level: 'suspect',
    agencies: ['nhs-lanarkshire', 'south-lanarkshire-social-work', 'strathclyde-police'],
  });
  expect(alert!.events).toHaveLength(3);
  const store = await exchange.store();
  const state = await store.readMessage('gateway/correlator' as never, alert!.message as never);
  expect(state!.deliveries.map(({ recipient }) => recipient)).toEqual([
    people.health.address,
    people.north.address,
    people.south.address,
    people.police.address,
  ]);
});

it('an alert is an ordinary message that the gateway cannot read, and the policy decided about it', async () => {
  const [alert] = await raised();
  const [evidence] = await (await exchange.store()).readEvidence(alert!.message as never);
  const { envelope, payload } = decodeUnit(evidence!.unit);
  expect(parseEnvelope(envelope)).toMatchObject({ category: 'correlator-alert', sequence: [1, 1, 1, 1] });
  expect(payload.includes('Three agencies')).toBe(false);
  const accepted = await exchange.recorded({ kind: 'message.accepted', source: 'gateway/correlator' });
  expect(JSON.stringify(accepted.decisions)).toContain('alerts-to-agencies');
});

it('siblings under one roof, and one agency alone, raise none; a restart raises none again', async () => {
  const before = (await raised()).length;
  await tell('police', { ...rory, given: 'Ailsa', birthDate: '2012-01-30' });
  await tell('health', { ...rory, given: 'Ewan', birthDate: '2017-11-02' });
  await tell('south', { ...rory, given: 'Catriona', birthDate: '2019-05-13' }, 'immediate');
  await tell('police', { ...rory, given: 'Hamish' });
  await tell('police', { ...rory, given: 'Hamish' }, 'immediate');
  await exchange.restart();
  await tellOfThree(rory);
  const all = await alertsAfter(before);
  expect(all.slice(before).map(({ title }) => title)).toEqual(
    Array(all.length - before).fill('Three agencies within thirty days'),
  );
  expect(new Set(all.map(({ message }) => message)).size).toBe(all.length);
  for (const { agencies } of all.slice(before)) expect(agencies).toHaveLength(3);
  expect(all.length - before).toBe(1);
});

it('what a person made of an alert is recorded, if the alert was sent to them', async () => {
  const [alert] = await raised();
  const dataschema = 'urn:causeway:dataset:alert-disposition:1.0';
  const answer = {
    category: 'alert-acted',
    severity: 'info',
    dataschema,
    inReplyTo: alert!.message,
  } as const;
  for (const name of ['north', 'police'] as const) {
    const writer = await Writer.open(people[name], [people.north]);
    const session = await exchange.connect(people[name]);
    await session.accepted(writer.message({ ...answer, thread: alert!.message }));
    await session.accepted(writer.message({ ...answer, inReplyTo: newId() }));
  }
  await tell('police', morven, 'immediate');
  const disposed = await eventually('both answers', async () => {
    const found = (await exchange.records()).filter(({ entry }) => entry.kind === 'alert.disposed');
    return found.length === 2 ? found : undefined;
  });
  expect(disposed.map(({ entry }) => entry)).toMatchObject([
    { alert: alert!.message, disposition: 'acted', source: people.north.address },
    { alert: alert!.message, disposition: 'acted', source: people.police.address },
  ]);
});

it('an alert without an answer is followed by one reminder, and an answer to that counts', async () => {
  const [, open] = await raised();
  // Two days later, the day for an answer is over.
  const ahead = 48 * 3_600_000;
  await exchange.restart({ now: () => Date.now() + ahead });
  const { reminder, reminded } = await exchange.recorded({ kind: 'alert.overdue', message: open!.message });
  expect(reminded).toEqual([people.north.address, people.south.address]);
  const [evidence] = await (await exchange.store()).readEvidence(reminder as never);
  const { envelope, payload } = decodeUnit(evidence!.unit);
  expect(parseEnvelope(envelope)).toMatchObject({ category: 'alert-reminder', inReplyTo: open!.message });
  const senderCertificate = exchange.home.correlatorKeys.certificateArmored;
  const read = await decryptAndVerify(payload, { decryptWith: people.south.openpgp, senderCertificate });
  const {
    header: { dataschema },
    body,
  } = decodeContent(read);
  const { datasets } = await loadPolicySet(exchange.home.policiesDir);
  const document: unknown = JSON.parse(body.toString('utf8'));
  expect(document).toMatchObject({ alert: open!.message, level: open!.level });
  const registry = DatasetRegistry.of([datasets.get(dataschema!)!.schema]);
  expect(registry.validate(dataschema!, document)).toEqual([]);

  await exchange.restart({ now: () => Date.now() + ahead });
  const writer = await Writer.open(people.south, [people.north]);
  const session = await exchange.connect(people.south);
  const expires = new Date(Date.now() + ahead + 3_600_000).toISOString();
  const common = { inReplyTo: reminder, thread: open!.thread, expires } as const;
  const known = { ...common, category: 'alert-known', severity: 'info' } as const;
  expect(await session.refused(writer.message(known))).toBe('policy-denied');
  const reason = 'urn:causeway:dataset:alert-disposition:1.0';
  await session.accepted(writer.message({ ...known, dataschema: reason }));
  await session.accepted(writer.message({ expires, category: 'concern', severity: 'immediate' }));
  expect(await exchange.recorded({ kind: 'alert.disposed', alert: open!.message })).toMatchObject({
    disposition: 'known',
    source: people.south.address,
  });
  const kinds = (await exchange.records()).map(({ entry }) => entry);
  expect(kinds.filter(({ kind }) => kind === 'alert.overdue')).toHaveLength(1);
  expect(kinds.filter(({ category }) => category === 'alert-reminder')).toHaveLength(1);
  await exchange.restart({ now: Date.now });
});

it('nobody else can send an alert, and nobody can write to the correlator', async () => {
  const writer = await Writer.open(people.police, [people.north]);
  const session = await exchange.connect(people.police);
  const [forged] = await session.submit(writer.message({ category: 'correlator-alert', severity: 'urgent' }));
  expect(forged?.kind).toBe('refused');
  const away = await Writer.open(people.police, [people.north], ['gateway/correlator']);
  const [answer] = await session.submit(away.message());
  expect(answer?.kind).toBe('refused');
});

it('an alert that reached nobody is sent when somebody enrols whom the agreement names for it', async () => {
  exchange.expectFailures('recipient-unknown');
  const finlay = { ...morven, given: 'Finlay', birthDate: '2011-12-05', postcode: 'G71 9ZZ' };
  const writer = await Writer.open(people.police, [people.health]);
  const session = await exchange.connect(people.police);
  const subjects = [tokeniser.tokensOf(finlay)];
  for (const severity of ['urgent', 'immediate'] as const) {
    await session.accepted(writer.message({ category: 'child-missing', severity, subjects }));
  }
  // This one is for those on duty, and neither agency has any.
  const { message } = await exchange.recorded({
    kind: 'alert.unsent',
    title: 'Missing again within ninety days',
  });
  const address = 'strathclyde-police/duty';
  await enrolEndpoints(exchange.dir, exchange.home, exchange.url, [{ address, roles: ['duty'] }]);
  // Whatever has the correlator look.
  await session.accepted(writer.message({ category: 'concern', severity: 'immediate' }));
  await exchange.recorded({ kind: 'alert.raised', message });
  const state = await (await exchange.store()).readMessage('gateway/correlator' as never, message as never);
  expect(state!.deliveries.map(({ recipient }) => recipient)).toEqual([address]);
});
