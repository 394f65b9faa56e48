/**
 * Fills a store with the life of notices, as agencies of two councils would send them in a month: cases of several
 * notices, one to three recipients, most of them stored, some refused by policy or by the recipient, some never read.
 */
import { randomBytes } from 'node:crypto';
import type {
  AcceptableMessage,
  DeliveryId,
  RefusableMessage,
  SubmissionResult,
  Store,
} from '../../gateway/store/port.ts';
import type { EndpointAddress, Fingerprint, MessageId } from '../../protocol/ids.ts';
import { uuidFromBytes } from '../../protocol/uuid.ts';
import { digestOf, sha256 } from '../../protocol/proof/merkle.ts';
import { encodeEnvelope } from '../../protocol/wire/envelope.ts';
import { encodeUnit } from '../../protocol/wire/frame.ts';
import { Seeded } from '../seeded.ts';

/** The time that the store is told, ms since 1970. */
export type BenchClock = { now: number };

const frameMessages = 64;
const framesInFlight = 4;
/** Between two frames of the whole exchange: a million leaves take about a month. */
const frameMs = 500_000;
const openCases = 2_000;
const lifeMs = 5 * 24 * 3600_000;

const agencies = Array.from({ length: 24 }, (_, nth) => `agency-${nth + 1}`);
const desks = ['duty', 'mash', 'records', 'named-person', 'child-protection', 'emergency-department'];
const endpoints = agencies.flatMap((agency) => desks.map((desk) => `${agency}/${desk}` as EndpointAddress));
const categories = Array.from({ length: 18 }, (_, nth) => `category-${nth + 1}`);
const severities = ['immediate', 'urgent', 'concern', 'info'] as const;

/** The same for all: what is in a payload, and who has signed, is nothing that the log or its index know of. */
const payload = randomBytes(256);
const proof = randomBytes(68);
const payloadDigest = digestOf(payload);
const recipientKeys = [sha256(payload).toString('hex') as Fingerprint];

type Message = AcceptableMessage | RefusableMessage;

class NoticeMaker {
  readonly #chance = new Seeded(5);
  readonly #clock: BenchClock;
  readonly #cases: MessageId[] = [];
  #count = 0;

  constructor(clock: BenchClock) {
    this.#clock = clock;
  }

  frame(): { readonly source: EndpointAddress; readonly messages: readonly Message[] } {
    const source = this.#chance.pickSkewed(endpoints);
    return { source, messages: Array.from({ length: frameMessages }, () => this.#notice(source)) };
  }

  /** What a recipient does: about one in sixty never reads, one in forty refuses. */
  deed(): 'stored' | 'refused' | undefined {
    if (this.#chance.chance(1 / 60)) return undefined;
    return this.#chance.chance(1 / 40) ? 'refused' : 'stored';
  }

  #notice(source: EndpointAddress): Message {
    const id = this.#newId();
    const thread = this.#caseOf(id);
    const recipients = [
      ...new Set(Array.from({ length: 1 + this.#chance.below(3) }, () => this.#recipient())),
    ];
    const category = this.#chance.pickSkewed(categories);
    const severity = this.#chance.pick(severities);
    const expiresAt = this.#clock.now + lifeMs;
    const sequence = recipients.map(() => this.#count);
    const envelope = encodeEnvelope({
      ...{ id, source, type: 'notice', to: recipients, sequence, category, severity, thread },
      time: new Date(this.#clock.now).toISOString(),
      expires: new Date(expiresAt).toISOString(),
      ...{ purpose: 'child-protection', basis: 'public-task', subjects: [], attachments: [] },
      ...{ payloadDigest, payloadBytes: payload.byteLength, recipientKeys, signingKey: payloadDigest },
    });
    const envelopeDigest = sha256(envelope);
    const base = {
      ...{ message: id, source, thread, to: recipients, sequence },
      ...{ envelope: envelopeDigest.toString('base64url'), category, severity },
      ...{ purpose: 'child-protection', basis: 'public-task' },
    };
    if (this.#chance.chance(1 / 50)) {
      const code = 'policy-denied';
      const record = JSON.stringify({ kind: 'message.refused', ...base, code, authentic: true });
      return { verdict: 'refuse', id, envelopeDigest, code, text: undefined, final: true, thread, record };
    }
    const decisions = recipients.map((recipient) => ({ recipient, effect: 'permit', listening: true }));
    return {
      ...{
        verdict: 'accept',
        id,
        envelopeDigest,
        unit: encodeUnit(envelope, proof, payload).bytes,
        expiresAt,
      },
      ...{ lane: 1, category, severity, thread },
      recipients: recipients.map((endpoint) => ({ endpoint, listening: true })),
      record: JSON.stringify({ kind: 'message.accepted', ...base, decisions }),
    };
  }

  #recipient(): EndpointAddress {
    return this.#chance.pickSkewed(endpoints);
  }

  #caseOf(id: MessageId): MessageId {
    if (this.#cases.length < openCases || this.#chance.chance(1 / 6)) {
      this.#cases[this.#cases.length < openCases ? this.#cases.length : this.#chance.below(openCases)] = id;
      return id;
    }
    return this.#chance.pick(this.#cases);
  }

  #newId(): MessageId {
    const bytes = Buffer.alloc(16);
    bytes.writeUIntBE(this.#clock.now, 0, 6);
    bytes.writeUInt16BE(0x7000, 6);
    bytes.writeUInt8(0x80, 8);
    bytes.writeUInt32BE(this.#count++, 12);
    return uuidFromBytes(bytes);
  }
}

/** Lets notices be sent, delivered and stored until the log has this many leaves, or some hundreds more. */
export async function fillStore(store: Store, clock: BenchClock, leaves: number): Promise<void> {
  const maker = new NoticeMaker(clock);
  const send = async (): Promise<void> => {
    while ((await store.countLeaves()) < leaves) {
      clock.now += frameMs;
      const submission = maker.frame();
      const { outcomes } = await store.submit(submission);
      await receive(store, maker, submission.messages, outcomes);
    }
  };
  await Promise.all(Array.from({ length: framesInFlight }, send));
}

type Receipt = {
  readonly kind: 'stored' | 'refused';
  readonly message: MessageId;
  readonly envelopeDigest: Buffer;
  readonly delivery: DeliveryId;
};

async function receive(
  store: Store,
  maker: NoticeMaker,
  messages: readonly Message[],
  outcomes: SubmissionResult['outcomes'],
): Promise<void> {
  const receipts = new Map<EndpointAddress, Receipt[]>();
  const arrived: DeliveryId[] = [];
  for (const [place, message] of messages.entries()) {
    const outcome = outcomes[place];
    if (message.verdict !== 'accept' || outcome?.outcome !== 'accepted') continue;
    for (const [nth, { endpoint }] of message.recipients.entries()) {
      const delivery = outcome.deliveries[nth] ?? 0;
      const kind = maker.deed();
      if (kind === undefined) continue;
      arrived.push(delivery);
      const { id, envelopeDigest } = message;
      const list = receipts.get(endpoint) ?? [];
      receipts.set(endpoint, [...list, { kind, message: id, envelopeDigest, delivery }]);
    }
  }
  await Promise.all([
    store.markDelivered(arrived),
    ...Array.from(receipts, ([recipient, list]) =>
      store.settle({ recipient, group: Buffer.alloc(66 + 100 * list.length), receipts: list }),
    ),
  ]);
}
