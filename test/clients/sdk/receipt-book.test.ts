import { generateKeyPairSync, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ClientEmitter } from '../../../clients/sdk/events.ts';
import { LadderTable } from '../../../clients/sdk/ladder-table.ts';
import { silentLog } from '../../../clients/sdk/log.ts';
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

test('held receipts stay held when they cannot be applied, and are applied the next time', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-receipts-'));
  const state = new StateDatabase(dir);
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
  let isTrusted = false;
  let isBroken = true;
  const seen: string[] = [];
  const book = new ReceiptBook({
    state,
    directory: {
      receiptKeys: () => (isTrusted ? [signer.publicKey] : []),
      untrustedKey: () => (isTrusted ? undefined : signer.publicKey),
      isBehind: false,
    },
    outbox: { keepAnswer: () => undefined, answered: () => undefined },
    emitter: new ClientEmitter(silentLog),
    gatewayKey: newSigner().publicKey,
    // Read when the evidence is written: after the release, before the commit.
    now: () => {
      if (isBroken) throw new Error('the process died here');
      return 0;
    },
    onReceipt: ({ kind }) => seen.push(kind),
  });
  const receipt = encodeReceipt({
    ...{ kind: 'stored', message: id, envelopeDigest: digest, at: 1, detail: '' },
    ...{ issuer: bob, recipient: bob },
  });
  await book.take(1, signReceiptGroup([receipt], signer));
  const ladder = new LadderTable(state.statements);
  expect(ladder.readHeldIssuers()).toEqual([bob]);
  await book.takeHeld([bob]);
  expect(ladder.readHeldIssuers()).toEqual([bob]);
  isTrusted = true;
  await expect(book.takeHeld([bob])).rejects.toThrow('died');
  expect(ladder.readHeldIssuers()).toEqual([bob]);
  expect(seen).toEqual([]);
  isBroken = false;
  await book.takeHeld([bob]);
  expect(ladder.readHeldIssuers()).toEqual([]);
  expect(seen).toEqual(['stored']);
  expect(state.statements.prepare('SELECT outcome FROM deliveries').get()!.outcome).toBe('stored');
  await state.close();
  await rm(dir, { recursive: true, force: true });
});
