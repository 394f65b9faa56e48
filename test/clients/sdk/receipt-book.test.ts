import { generateKeyPairSync, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClientEmitter } from '../../../clients/sdk/events.ts';
import { FalseReceipts } from '../../../clients/sdk/false-receipts.ts';
import { LadderTable } from '../../../clients/sdk/ladder-table.ts';
import { silentLog } from '../../../clients/sdk/logger.ts';
import { ReceiptBook } from '../../../clients/sdk/receipt-book.ts';
import { StateDatabase } from '../../../clients/sdk/state-database.ts';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { uuidToBytes } from '../../../protocol/uuid.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { encodeReceipt } from '../../../protocol/wire/receipt.ts';

const bob = 'south/duty' as EndpointAddress;

function newSigner() {
  const { privateKey } = generateKeyPairSync('ed25519');
  return batchSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
}

let dir: string;
let state: StateDatabase;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'causeway-receipts-'));
  state = new StateDatabase(dir);
});
afterEach(async () => {
  await state.close();
  await rm(dir, { recursive: true, force: true });
});

/** A book in a home with one message to bob, whose key is known and not trusted until a test says so. */
function openBook() {
  const id = randomUUIDv7() as MessageId;
  const digest = Buffer.alloc(32, 7);
  state.statements
    .prepare(
      `INSERT INTO outbox (seq, id, digest, envelope, state, holder, transmitted, created_at)
       VALUES (1, ?, ?, '{}', 'accepted', 'me', 1, 0)`,
    )
    .run(uuidToBytes(id), digest);
  state.statements.prepare('INSERT INTO deliveries (seq, recipient) VALUES (1, ?)').run(bob);
  const signer = newSigner();
  const now = { isTrusted: false, isBroken: false, isReplaced: false, isBehind: false, isFull: false };
  const seen: string[] = [];
  const raised = new Map<string, string>();
  const book = new ReceiptBook({
    state,
    directory: {
      receiptKeys: () => (now.isTrusted ? [signer.publicKey] : []),
      untrustedKey: () => (now.isTrusted || now.isReplaced ? undefined : signer.publicKey),
      get isBehind() {
        return now.isBehind;
      },
    },
    outbox: { keepAnswer: () => undefined, answered: () => undefined },
    emitter: new ClientEmitter(silentLog),
    gatewayKey: newSigner().publicKey,
    maxHeld: 2,
    // Read when the evidence is written: after the release, before the commit.
    now: () => {
      if (now.isBroken) throw new Error('the process died here');
      return 0;
    },
    onReceipt: ({ kind }) => seen.push(kind),
    falseReceipts: new FalseReceipts({
      state,
      isRaised: (subject) => raised.has(subject),
      raise: ({ subject, detail }) =>
        now.isFull ? Promise.reject(new Error('full')) : Promise.resolve(raised.set(subject, detail)),
      report: () => undefined,
    }),
    onLost: () => undefined,
  });
  const receiptFor = (message: MessageId): Buffer =>
    encodeReceipt({
      ...{ kind: 'stored', message, envelopeDigest: digest, at: 1, detail: '' },
      ...{ issuer: bob, recipient: bob },
    });
  const group = signReceiptGroup([receiptFor(id)], signer);
  return {
    book,
    id,
    receiptFor,
    signer,
    group,
    now,
    seen,
    raised,
    ladder: new LadderTable(state.statements),
  };
}

test('held receipts stay held when they cannot be applied, and are applied the next time', async () => {
  const { book, group, now, seen, ladder } = openBook();
  await book.take(1, group);
  expect(ladder.readHeldIssuers()).toEqual([bob]);
  await book.takeHeld([bob]);
  expect(ladder.readHeldIssuers()).toEqual([bob]);
  Object.assign(now, { isTrusted: true, isBroken: true });
  await expect(book.takeHeld([bob])).rejects.toThrow('died');
  expect(ladder.readHeldIssuers()).toEqual([bob]);
  expect(seen).toEqual([]);
  now.isBroken = false;
  await book.takeHeld([bob]);
  expect(ladder.readHeldIssuers()).toEqual([]);
  expect(seen).toEqual(['stored']);
  expect(state.statements.prepare('SELECT outcome FROM deliveries').get()!.outcome).toBe('stored');
});

test('a receipt that is being held while its signer’s key is trusted is applied as well', async () => {
  const { book, group, now, seen, ladder } = openBook();
  const taken = book.take(1, group);
  now.isTrusted = true;
  await Promise.all([taken, book.takeHeld([bob])]);
  expect(seen).toEqual(['stored']);
  expect(ladder.readHeldIssuers()).toEqual([]);
});

test('a receipt that finds no room to be held is not stored, and its place stays open until there is room', async () => {
  const { book, group, now, seen } = openBook();
  await book.take(1, group);
  expect(book.isFull).toBe(false);
  await book.take(2, group, 1);
  expect(book.isFull).toBe(true);
  await expect(book.take(3, group, 2)).rejects.toMatchObject({ code: 'key-unknown' });
  expect(book.position).toBe(2);
  await expect(book.take(4, group, 3)).rejects.toMatchObject({ code: 'key-unknown' });
  expect(book.position).toBe(2);
  await book.takeHeld();
  expect(book.isFull).toBe(true);
  now.isTrusted = true;
  await book.takeHeld();
  expect(book.isFull).toBe(false);
  expect(seen).toEqual(['stored', 'stored']);
  await book.take(3, group, 2);
  expect(book.position).toBe(3);
});

test('a receipt that fits no key is forged when it comes, and not where its signer’s key was replaced while it was held', async () => {
  const { book, id, group, now, seen, raised } = openBook();
  await book.take(1, group);
  now.isReplaced = true;
  await book.takeHeld([bob]);
  expect(raised.size).toBe(0);
  await book.take(2, group, 1);
  expect([...raised]).toEqual([
    [id, expect.stringMatching(`a receipt of ${bob} .* is not genuine.*No key of`)],
  ]);
  expect(seen).toEqual([]);
});

test('a receipt that came while the directory was behind, and fits no key of it afterwards, is forged', async () => {
  const { book, id, receiptFor, now, raised } = openBook();
  now.isBehind = true;
  await book.take(1, signReceiptGroup([receiptFor(id)], newSigner()));
  await book.takeHeld();
  expect(raised.size).toBe(0);
  now.isBehind = false;
  await book.takeHeld();
  expect([...raised.keys()]).toEqual([id]);
});

test('a false receipt is raised later where that cannot be written down at once: it does not come again', async () => {
  const { book, id, receiptFor, now, raised } = openBook();
  now.isFull = true;
  await book.take(1, signReceiptGroup([receiptFor(id)], newSigner()));
  expect([book.position, raised.size]).toEqual([1, 0]);
  await state.close();
  state = new StateDatabase(dir);
  const subjects: string[] = [];
  const again = new FalseReceipts({
    state,
    isRaised: () => false,
    raise: ({ subject }) => Promise.resolve(subjects.push(subject)),
    report: () => undefined,
  });
  await again.raise();
  await again.raise();
  expect(subjects).toEqual([id]);
});

test('a receipt of a later kind is not believed and not called false, and harms none beside it', async () => {
  const { book, id, receiptFor, signer, now, seen, raised } = openBook();
  now.isTrusted = true;
  const later = receiptFor(id);
  later.writeUInt8(6, 0);
  await book.take(1, signReceiptGroup([later, receiptFor(id)], signer));
  await book.take(2, signReceiptGroup([later], signer), 1);
  expect([seen, raised.size, book.position]).toEqual([['stored'], 0, 2]);
  await book.take(3, signReceiptGroup([later], newSigner()), 2);
  expect(raised.size).toBe(1);
});

test('a false receipt is told for each message once, also beside one for which that was told', async () => {
  const { book, id, receiptFor, raised } = openBook();
  const other = randomUUIDv7() as MessageId;
  const forger = newSigner();
  await book.take(1, signReceiptGroup([receiptFor(id)], forger));
  await book.take(2, signReceiptGroup([receiptFor(id), receiptFor(other)], forger), 1);
  await book.take(3, signReceiptGroup([receiptFor(other)], forger), 2);
  expect([...raised.keys()]).toEqual([id, other]);
  const last = randomUUIDv7() as MessageId;
  const burst = Array.from({ length: 150 }, (_, n) =>
    book.take(n + 4, signReceiptGroup([receiptFor(id)], forger), n + 3),
  );
  await Promise.all([...burst, book.take(154, signReceiptGroup([receiptFor(last)], forger), 153)]);
  expect([...raised.keys()]).toEqual([id, other, last]);
});
