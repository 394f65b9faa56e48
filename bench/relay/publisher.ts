/**
 * The sending process: builds, digests and signs envelopes, keeps a window of them unaccepted, as a publisher with
 * confirms does, and verifies every receipt. So that the recipient cannot fall behind without bound, at most four
 * windows may wait for their `stored`.
 */
import { randomUUIDv7 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Batcher } from '../../clients/sdk/batcher.ts';
import { openLink } from '../../clients/sdk/link.ts';
import type { MessageId } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { signingKeyFromRaw } from '../../protocol/proof/signing.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import { encodeEnvelope } from '../../protocol/wire/envelope.ts';
import { decodeReceiptGroup, verifyReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import { acceptedDetail } from '../../protocol/wire/receipt-detail.ts';
import { onAsk, tell } from '../child.ts';
import { openEndpoint } from './endpoint-files.ts';

const [dir = '', planFile = '', windowText = '256'] = process.argv.slice(2);
const window = Number(windowText);
/** Fields that all messages share, the payload, and the recipient's signing key. */
const plan = JSON.parse(await readFile(planFile, 'utf8')) as {
  template: Omit<Envelope, 'id' | 'time' | 'expires' | 'sequence' | 'thread'>;
  payload: string;
  recipientSigningKey: string;
};
const payload = Buffer.from(plan.payload, 'base64');
const me = await openEndpoint(dir, 0);
const recipientKey = signingKeyFromRaw(Buffer.from(plan.recipientSigningKey, 'base64url'));

const counts = { submitted: 0, accepted: 0, delivered: 0, stored: 0, refused: 0 };
const sentAt = new Map<string, number>();
let mode: 'idle' | 'flood' | 'paced' = 'idle';
let unaccepted = 0;
let unstored = 0;
/** Most messages that the gateway lets wait for their answer. */
let allowed = 0;
/** Receipt groups and submit batches so far. */
let groups = 0;
let batches = 0;

const batcher = new Batcher(me.signer, (units) => {
  batches++;
  link.submit(units);
});

/** When an envelope is written and when it expires: many are written in one millisecond. */
let moment = { at: NaN, time: '', expires: '' };

function momentOf(at: number): typeof moment {
  if (moment.at !== at) {
    moment = { at, time: new Date(at).toISOString(), expires: new Date(at + 86_400_000).toISOString() };
  }
  return moment;
}

function submitOne(severity = plan.template.severity): void {
  const { time, expires } = momentOf(Date.now());
  const id = randomUUIDv7() as MessageId;
  const { template } = plan;
  // Names in the order in which the SDK writes them.
  const envelope = {
    id,
    source: template.source,
    type: template.type,
    time,
    expires,
    to: template.to,
    sequence: [++counts.submitted],
    category: template.category,
    severity,
    purpose: template.purpose,
    basis: template.basis,
    subjects: template.subjects,
    thread: id,
    payloadDigest: digestOf(payload),
    payloadBytes: template.payloadBytes,
    recipientKeys: template.recipientKeys,
    attachments: template.attachments,
    signingKey: template.signingKey,
  };
  unaccepted++;
  unstored++;
  if (mode === 'paced') sentAt.set(id, performance.timeOrigin + performance.now());
  batcher.add({ envelope: encodeEnvelope(envelope), payload });
}

function refill(): void {
  while (mode === 'flood' && unaccepted < window && unstored < 4 * window) submitOne();
}

const link = openLink(me.link, {
  onWelcome: ({ limits }) => {
    allowed = limits.maxUnanswered;
    tell({ type: 'ready' });
  },
  onUnits: () => undefined,
  onReceiptFrame: (position, bytes) => {
    groups++;
    const group = decodeReceiptGroup(bytes);
    verifyReceiptGroup(group, group.issuer === 'gateway/relay' ? me.receiptKey : recipientKey);
    for (const receipt of group.receipts) {
      if (receipt.kind === 'expired') continue;
      counts[receipt.kind]++;
      if (receipt.kind === 'accepted') acceptedDetail(receipt);
      if (receipt.kind === 'accepted' || receipt.kind === 'refused') unaccepted--;
      if (receipt.kind === 'stored' || receipt.kind === 'refused') unstored--;
    }
    if (position > 0) link.receiptsStored(position);
    refill();
  },
  onControl: () => undefined,
  onClose: (error) => tell({ type: 'closed', reason: String(error) }),
});

onAsk(({ type, perSecond }) => {
  switch (type) {
    case 'flood':
      mode = 'flood';
      refill();
      return;
    case 'pace':
      mode = 'paced';
      pace(Number(perSecond));
      return;
    case 'immediate':
      submitOne('immediate');
      return;
    case 'stop':
      mode = 'idle';
      return;
    case 'count':
      tell({
        type: 'counted',
        counts: { ...counts },
        groups,
        batches,
        cpu: process.cpuUsage(),
        at: performance.now(),
      });
      return;
    case 'sent':
      tell({ type: 'sent', sentAt: [...sentAt] });
  }
});

/**
 * Sends at an even rate, one message at a time; what a gateway that is held up does not allow is sent once it answers. Wakes
 * up only when a message is due: a timer of each millisecond would take turns from those that are measured.
 */
function pace(perSecond: number): void {
  const start = performance.now();
  let sent = 0;
  const sendDue = (): void => {
    if (mode !== 'paced') return;
    const due = Math.floor(((performance.now() - start) * perSecond) / 1_000);
    while (sent < due && unaccepted < allowed) {
      submitOne();
      sent++;
    }
    const nextAt = start + ((sent + 1) * 1_000) / perSecond;
    setTimeout(sendDue, Math.max(1, nextAt - performance.now()));
  };
  sendDue();
}
