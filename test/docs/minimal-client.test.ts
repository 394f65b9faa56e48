/** The receiving half of the minimal client of docs/protocol.md, section 15, line by line, at a real gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encryptAndSign, decryptAndVerify } from '../../clients/sdk/openpgp.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import { verifyBatchProof, VerifiedRoots } from '../../protocol/proof/batch-proof.ts';
import { checkContentMatches, decodeContent, encodeContent } from '../../protocol/wire/content.ts';
import { parseEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import { newId, receiptGroup, Writer, type TestEndpoint, type TestMessage } from '../e2e/kit/endpoint.ts';
import { Exchange } from '../e2e/kit/exchange.ts';
import type { Arrival, RawSession } from '../e2e/kit/raw-session.ts';
import { sectionOf } from './protocol-text.ts';

let exchange: Exchange;
let people: Record<'police' | 'health' | 'north', TestEndpoint>;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
  people = await exchange.enrol('police', 'health', 'north');
});
afterAll(() => exchange.close());

/** A notice from one endpoint to north whose content can be opened. */
async function notice(sender: TestEndpoint, text: string, changes: Partial<Envelope>): Promise<TestMessage> {
  const { id = newId() } = changes;
  const to = [people.north.address];
  const header = { id, source: sender.address, to, mediaType: 'text/plain; charset=utf-8' };
  const sealed = await encryptAndSign(encodeContent(header, Buffer.from(text)), {
    signWith: sender.openpgp,
    recipients: [people.north.openpgp.certificateArmored],
  });
  const writer = new Writer(sender, to, [people.north.openpgp.encryptionKey], Buffer.from(sealed));
  return writer.message({ category: 'concern', ...changes, id, thread: id });
}

/** What the text calls `inbox`; each line of `take` is one of the text. */
class MinimalClient {
  readonly inbox = new Map<string, { readonly digest: Buffer; readonly text: string }>();
  isDiskFull = false;
  readonly #senders: readonly TestEndpoint[];

  constructor(senders: readonly TestEndpoint[]) {
    this.#senders = senders;
  }

  /** @returns what it answered */
  async take(session: RawSession, { unit, id, digest }: Arrival): Promise<string> {
    const envelope = parseEnvelope(unit.envelope);
    const sender = this.#senders.find(({ address }) => address === envelope.source)!;
    const answer = (code?: string): string => {
      const refusal =
        code === undefined ? {} : { kind: 'refused' as const, detail: JSON.stringify({ code }) };
      session.sendReceipts(receiptGroup(people.north, [{ message: id, envelopeDigest: digest, ...refusal }]));
      return code ?? 'stored';
    };
    verifyBatchProof(unit.envelope, unit.proof, sender.signer.publicKey, new VerifiedRoots());
    const known = this.inbox.get(`${envelope.source} ${envelope.id}`);
    if (known !== undefined) return known.digest.equals(digest) ? answer() : answer('id-conflict');
    try {
      const content = decodeContent(
        await decryptAndVerify(unit.payload, {
          decryptWith: people.north.openpgp,
          senderCertificate: sender.openpgp.certificateArmored,
        }),
      );
      checkContentMatches(content.header, envelope);
      if (this.isDiskFull) throw new Error('no space left on device');
      this.inbox.set(`${envelope.source} ${envelope.id}`, { digest, text: content.body.toString() });
      return answer();
    } catch (error) {
      return isCausewayError(error) ? answer(error.code) : 'left alone';
    }
  }
}

describe('the minimal client of the text', () => {
  it('is the one that is tried here', () => {
    for (const line of [
      'known = inbox[envelope.source, envelope.id]',
      'if known has this envelope digest: send stored again',
      'if known has another one: refuse with id-conflict',
      'where a check fails: send frame(kind 3, position 0, sign_group([refused receipt with the code]))',
      'where anything else fails (disk, network, clock, the form of a data set): leave it alone',
    ]) {
      expect(sectionOf('## 15. A minimal client')).toContain(line);
    }
  });

  it('opens the notices of two senders under one id, of which the later one overtakes', async () => {
    const [police, health] = await Promise.all(
      [people.police, people.health].map((sender) => exchange.connect(sender)),
    );
    const genuine = await notice(people.police, 'genuine', { severity: 'concern' });
    const namesake = await notice(people.health, 'namesake', { id: genuine.id, severity: 'immediate' });
    await police!.accepted(genuine);
    await health!.accepted(namesake);
    const client = new MinimalClient([people.police, people.health]);
    const north = await exchange.connect(people.north, { credit: 10 });
    const arrivals = await north.arrived(2);
    for (const arrival of arrivals) expect(await client.take(north, arrival)).toBe('stored');
    expect([...client.inbox.values()].map(({ text }) => text)).toEqual(['namesake', 'genuine']);
    expect(await client.take(north, arrivals[0]!)).toBe('stored');
    await Promise.all([police!.receipt(genuine, 'stored'), health!.receipt(namesake, 'stored')]);
    await Promise.all([police, health, north].map((session) => session!.leave()));
  });

  it('refuses for good only what its sender did wrong: what it cannot write down itself comes again', async () => {
    const police = await exchange.connect(people.police);
    const good = await notice(people.police, 'good', {});
    // A payload that was made for another message.
    const { unit } = await notice(people.police, 'bad', {});
    await police.accepted(good);
    const misdirected = new Writer(
      people.police,
      [people.north.address],
      [people.north.openpgp.encryptionKey],
      Buffer.from(unit.payload),
    ).message({ category: 'concern' });
    await police.accepted(misdirected);
    const client = new MinimalClient([people.police]);
    client.isDiskFull = true;
    const before = await exchange.connect(people.north, { credit: 10 });
    const answers = await Promise.all((await before.arrived(2)).map((each) => client.take(before, each)));
    expect(answers).toEqual(['left alone', 'payload-misdirected']);
    await police.receipt(misdirected, 'refused');
    await before.leave();
    client.isDiskFull = false;
    const after = await exchange.connect(people.north, { credit: 10 });
    const [again] = await after.arrived(1);
    expect(await client.take(after, again!)).toBe('stored');
    await police.receipt(good, 'stored');
    await Promise.all([police.leave(), after.leave()]);
  });
});
