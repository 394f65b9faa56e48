/** Who sends what to whom in a benchmark of the relay. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encryptAndSign, readOpenpgpIdentity } from '../../clients/sdk/openpgp.ts';
import { openHome } from '../../clients/sdk/home.ts';
import { batchSigner } from '../../protocol/proof/signing.ts';

export const ciphertextBytes = 2_048;
export const publisherAddress = 'strathclyde-police/public-protection';
export const consumerAddress = 'north-lanarkshire-social-work/duty';

/** What both ends need to know; the payload is a real OpenPGP message of the size asked for. */
export async function writePlan(dir: string, publisherHome: string, consumerHome: string): Promise<string> {
  const publisher = await openHome(publisherHome);
  const consumer = await openHome(consumerHome);
  const consumerIdentity = await readOpenpgpIdentity(consumer.openpgpPrivateKey);
  const seal = async (bytes: number): Promise<Buffer> =>
    Buffer.from(
      await encryptAndSign(new Uint8Array(bytes), {
        signWith: await readOpenpgpIdentity(publisher.openpgpPrivateKey),
        recipients: [consumerIdentity.certificateArmored],
      }),
    );
  const overhead = (await seal(1_000)).byteLength - 1_000;
  const payload = await seal(ciphertextBytes - overhead);
  const publisherKey = batchSigner(publisher.signingKeyPem).publicKey;
  const consumerKey = batchSigner(consumer.signingKeyPem).publicKey;
  const template = {
    source: publisherAddress,
    type: 'notice',
    to: [consumerAddress],
    category: 'police-concern',
    severity: 'concern',
    purpose: 'child-protection',
    basis: 'public-task',
    subjects: [],
    payloadBytes: payload.byteLength,
    recipientKeys: [consumerIdentity.encryptionKey],
    attachments: [],
    signingKey: publisherKey.keyId,
  };
  const path = join(dir, 'plan.json');
  await writeFile(
    path,
    JSON.stringify({
      template,
      payload: payload.toString('base64'),
      senderSigningKey: publisherKey.raw.toString('base64url'),
      recipientSigningKey: consumerKey.raw.toString('base64url'),
    }),
  );
  return path;
}
