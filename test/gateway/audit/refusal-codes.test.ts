import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readRefusalCodes } from '../../../gateway/audit/refusal-codes.ts';
import type { AcceptableMessage, Store } from '../../../gateway/store/port.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { encodeReceipt } from '../../../protocol/wire/receipt.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.ts';
import { acceptable, health, noon, police, school, settlementOf } from '../store/synthetic-messages.ts';

let fixture: SqliteFixture;
let store: Store;
beforeEach(async () => {
  fixture = await createSqliteFixture();
  store = await fixture.open();
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

const { privateKey } = generateKeyPairSync('ed25519');
const signer = batchSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

async function refuse(message: AcceptableMessage, issuer: EndpointAddress, code: ErrorCode): Promise<void> {
  const receipt = encodeReceipt({
    ...{ kind: 'refused', message: message.id, envelopeDigest: message.envelopeDigest, at: noon },
    ...{ issuer, recipient: issuer, detail: JSON.stringify({ code }) },
  });
  const group = signReceiptGroup([receipt], signer);
  await store.settle({ ...settlementOf([message], issuer, 'refused'), group });
}

test('a message is read once, however many recipients refused it', async () => {
  const recipients = [health, school].map((endpoint) => ({ endpoint, listening: true }));
  const messages = [1, 2].map((number) => acceptable(number, { recipients }));
  await store.submit({ source: police, messages });
  await refuse(messages[0]!, health, 'dataset-invalid');
  await refuse(messages[1]!, health, 'dataset-invalid');
  await refuse(messages[0]!, school, 'payload-unsigned');
  const readEvidence = vi.fn<Store['readEvidence']>(async (id) => store.readEvidence(id));
  const codes = await readRefusalCodes({ readEvidence }, await store.readLeaves(0, 10));
  expect(codes).toEqual(
    new Map([
      [2, 'dataset-invalid'],
      [3, 'dataset-invalid'],
      [4, 'payload-unsigned'],
    ]),
  );
  expect(readEvidence.mock.calls).toEqual(messages.map(({ id }) => [id]));
});
