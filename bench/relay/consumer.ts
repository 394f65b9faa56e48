/**
 * The receiving process: verifies each message's proof, digest and recipients, recognises repeated ids, and signs
 * `stored` receipts for whatever is waiting.
 *
 * With `durable` it writes each id to a database of its own first, as an agency's system does. That disk is not the
 * gateway's in real life, and is here; so it is left out of the figures unless asked for.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLink } from '../../clients/sdk/link.ts';
import type { MessageId } from '../../protocol/ids.ts';
import { uuidToBytes } from '../../protocol/uuid.ts';
import { findWholeBatches, VerifiedRoots, verifyBatchProof } from '../../protocol/proof/batch-proof.ts';
import { digestOf, sha256 } from '../../protocol/proof/merkle.ts';
import { signingKeyFromRaw } from '../../protocol/proof/signing.ts';
import { parseEnvelope } from '../../protocol/wire/envelope.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { signReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import { encodeReceipt } from '../../protocol/wire/receipt.ts';
import { onAsk, tell } from '../child.ts';
import { openEndpoint } from './endpoint-files.ts';
import { IdMemory } from './id-memory.ts';

const [dir = '', planFile = '', creditText = '1024', storage = 'memory', gateway] = process.argv.slice(2);
const credit = Number(creditText);
const plan = JSON.parse(await readFile(planFile, 'utf8')) as { senderSigningKey: string };
const senderKey = signingKeyFromRaw(Buffer.from(plan.senderSigningKey, 'base64url'));
const me = await openEndpoint(dir, null, gateway);

const remember = storage === 'durable' ? openDurableMemory() : rememberInMemory(new IdMemory());

const verified = new VerifiedRoots();
const arrivals: [string, number][] = [];
let recordArrivals = false;
let consumed = 0;
let doubled = 0;
let arrived = 0;
let frames = 0;
let groups = 0;
let waiting: { id: MessageId; receipt: Buffer }[] = [];

function take(unit: Unit, isProven: boolean): void {
  const envelope = parseEnvelope(unit.envelope);
  if (!isProven) verifyBatchProof(unit.envelope, unit.proof, senderKey, verified);
  if (digestOf(unit.payload) !== envelope.payloadDigest) throw new Error('wrong payload');
  if (!envelope.to.includes(me.endpoint)) throw new Error('not for this endpoint');
  if (recordArrivals) arrivals.push([envelope.id, performance.timeOrigin + performance.now()]);
  const receipt = encodeReceipt({
    kind: 'stored',
    message: envelope.id,
    envelopeDigest: sha256(unit.envelope),
    at: Date.now(),
    issuer: me.endpoint,
    recipient: me.endpoint,
    detail: '',
  });
  if (waiting.push({ id: envelope.id, receipt }) === 1) setImmediate(settle);
}

/** Takes ids and says how many were known before. */
type Memory = (ids: readonly MessageId[]) => number;

function rememberInMemory(seen: IdMemory): Memory {
  return (ids) => ids.reduce((known, id) => (seen.add(id) ? known : known + 1), 0);
}

function openDurableMemory(): Memory {
  const database = new DatabaseSync(join(dir, 'bench.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID');
  const insert = database.prepare('INSERT OR IGNORE INTO seen VALUES (?)');
  return (ids) => {
    let known = 0;
    database.exec('BEGIN');
    for (const id of ids) if (insert.run(uuidToBytes(id)).changes === 0) known++;
    database.exec('COMMIT');
    return known;
  };
}

function settle(): void {
  const batch = waiting;
  waiting = [];
  doubled += remember(batch.map(({ id }) => id));
  for (let from = 0; from < batch.length; from += 256) {
    const receipts = batch.slice(from, from + 256).map(({ receipt }) => receipt);
    groups++;
    link.sendReceipts(signReceiptGroup(receipts, me.signer));
  }
  consumed += batch.length;
  link.grant(batch.length);
}

const link = openLink(me.link, {
  onWelcome: () => {
    link.grant(credit);
    tell({ type: 'ready' });
  },
  onUnits: (units) => {
    arrived += units.length;
    frames++;
    link.confirmReceived(arrived);
    const proven = findWholeBatches(units, senderKey, verified);
    for (const unit of units) take(unit, proven.has(unit));
  },
  onReceiptFrame: () => undefined,
  onControl: () => undefined,
  onClose: (error) => tell({ type: 'closed', reason: String(error) }),
});

onAsk(({ type }) => {
  switch (type) {
    case 'count':
      tell({
        type: 'counted',
        consumed,
        doubled,
        frames,
        groups,
        cpu: process.cpuUsage(),
        at: performance.now(),
      });
      return;
    case 'watch':
      recordArrivals = true;
      return;
    case 'arrivals':
      recordArrivals = false;
      tell({ type: 'arrivals', arrivals });
  }
});
