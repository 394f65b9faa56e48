import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, sign, Writer, type TestEndpoint } from './kit/endpoint.ts';
import { Exchange } from './kit/exchange.ts';
import type { RawSession } from './kit/raw-session.ts';
import { eventually } from './kit/watch.ts';

let exchange: Exchange;
let people: Record<'police' | 'north' | 'south', TestEndpoint>;
let toNorth: Writer;
let police: RawSession;

beforeAll(async () => {
  exchange = await Exchange.open();
  people = await exchange.enrol('police', 'north', 'south');
  toNorth = await Writer.open(people.police, [people.north]);
  police = await exchange.connect(people.police);
});
afterAll(() => exchange.close());

/** The same envelope under another signature, in a batch with others. */
function underAnotherProof(envelope: Record<string, unknown>) {
  const others = [toNorth.envelope(), toNorth.envelope()];
  const messages = [others[0]!, envelope, others[1]!].map((each) => ({
    envelope: each,
    payload: toNorth.payload,
  }));
  return sign(messages, people.police);
}

describe('a message that comes again', () => {
  it('gets its first outcome and is delivered once, also under another proof and within one frame', async () => {
    const envelope = toNorth.envelope();
    const [message] = sign([{ envelope, payload: toNorth.payload }], people.police);
    const first = await police.accepted(message!);
    expect(await police.accepted(message!)).toEqual(first);
    const [before, again, after] = underAnotherProof(envelope);
    const answers = await police.submit(before!, again!, after!);
    expect(answers.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(answers[1]).toMatchObject({ detail: first });

    const twice = toNorth.message();
    police.submitUnits([twice.unit, twice.unit]);
    await police.accepted(twice);
    const north = await exchange.connect(people.north, { credit: 100 });
    expect((await north.welcomed()).pending).toBe(4);
    await north.arrived(4);
    await north.store(...north.arrivals);
    expect(new Set(north.arrivals.map(({ id }) => id)).size).toBe(4);
    // Long after it was stored, the first outcome stands.
    expect(await police.accepted(message!)).toEqual(first);
    expect(police.receipts.filter(({ message: id }) => id === message!.id)).not.toHaveLength(0);
    await north.leave();
  });

  it('with another envelope under the same id is refused as a conflict, which is recorded', async () => {
    const id = newId();
    const first = toNorth.message({ id, thread: id });
    const other = toNorth.message({ id, thread: id, severity: 'urgent' });
    const accepted = await police.accepted(first);
    expect(await police.refused(other)).toBe('id-conflict');
    expect(await police.accepted(first)).toEqual(accepted);
    await exchange.recorded({ kind: 'message.refused', message: id, code: 'id-conflict' });
  });

  it('gets a refusal again when it was refused for good, and is free when the refusal proved nothing', async () => {
    const id = newId();
    const denied = toNorth.message({ id, thread: id, basis: 'consent' });
    expect(await police.refused(denied)).toBe('policy-denied');
    expect(await police.refused(denied)).toBe('policy-denied');
    expect(await police.refused(toNorth.message({ id, thread: id }))).toBe('id-conflict');

    const good = toNorth.message();
    const bytes = Buffer.from(good.unit.bytes);
    const proofAt = 10 + good.unit.envelope.byteLength;
    bytes[proofAt]! ^= 1;
    expect(await police.refused({ digest: good.digest, unit: { ...good.unit, bytes } })).toBe(
      'proof-invalid',
    );
    await police.accepted(good);
  });

  it('gets its first outcome after it has expired, after its recipient was revoked, and after a restart', async () => {
    const toSouth = await Writer.open(people.police, [people.south]);
    const expires = Date.now() + 700;
    const brief = toSouth.message({ expires: new Date(expires).toISOString() });
    const lasting = toSouth.message();
    const outcomes = [await police.accepted(brief), await police.accepted(lasting)];
    const late = toSouth.message({ expires: new Date(expires).toISOString() });
    await police.receipt(brief, 'expired');
    expect(await police.accepted(brief)).toEqual(outcomes[0]);
    expect(await police.refused(late)).toBe('envelope-expired');

    await exchange.revoke(people.south);
    await police.next('directory-changed');
    await eventually('the refusal of a revoked recipient', async () =>
      (await police.refused(toSouth.message())) === 'recipient-revoked' ? true : undefined,
    );
    expect(await police.accepted(lasting)).toEqual(outcomes[1]);

    await exchange.restart();
    police = await exchange.connect(people.police);
    expect(await police.accepted(brief)).toEqual(outcomes[0]);
    expect(await police.accepted(lasting)).toEqual(outcomes[1]);
    expect(await police.refused(late)).toBe('envelope-expired');
  });
});
