/**
 * Everything a delivered message must pass before an application sees it: sender, proof, addressee, digest,
 * decryption with the sender's signature, binding of content to envelope, data set. Nothing is written or answered.
 */
import { CausewayError, isCausewayError, type ErrorCode } from '../../protocol/errors.ts';
import { agencyOf, type EndpointAddress, type Fingerprint } from '../../protocol/ids.ts';
import { verifyBatchProof, type VerifiedRoots } from '../../protocol/proof/batch-proof.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { checkContentMatches, decodeContent, type Content } from '../../protocol/wire/content.ts';
import { encryptionKeysOf, type DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { checkRecipientPackets } from '../../protocol/wire/payload-peek.ts';
import type { DatasetBook } from './datasets/dataset-book.ts';
import type { ClientDirectory } from './directory.ts';
import { decryptAndVerify, readPrimaryKey, type OpenpgpIdentity } from './openpgp.ts';

type OpenContext = {
  readonly self: EndpointAddress;
  readonly openpgp: OpenpgpIdentity;
  readonly directory: Pick<ClientDirectory, 'senderKeys' | 'entryOf'>;
  readonly datasets: Pick<DatasetBook, 'ensure'>;
  readonly verified: VerifiedRoots;
};

/** What is wrong with a message, and whether its sender certainly wrote it: only then is the refusal for good. */
export class MessageFault {
  readonly error: CausewayError;
  /**
   * `held`: a person must trust a key or put an own one back, the agreement have its data set again, or its sender send
   * it again, first · `unproven`: it is not known who wrote it · `refused`: its sender erred.
   */
  readonly kind: 'held' | 'unproven' | 'refused';

  constructor(kind: MessageFault['kind'], error: CausewayError) {
    this.kind = kind;
    this.error = error;
  }
}

/**
 * What no sender is to blame for: a key that was retired here or that this home has lost, a data set that left the
 * agreement while the message was under way. A concern must not vanish for it.
 */
const notTheSenders: ReadonlySet<ErrorCode> = new Set(['key-unsuitable', 'home-invalid', 'dataset-unknown']);

/**
 * Opens a message.
 * @returns its content, or what is wrong with it
 * @throws CausewayError a retryable one, when something here failed that may succeed later
 */
export async function openPayload(
  unit: Unit,
  envelope: Envelope,
  context: OpenContext,
): Promise<Content | MessageFault> {
  let stage: MessageFault['kind'] = 'held';
  try {
    const { entries, signingKey } = context.directory.senderKeys(envelope);
    await Promise.all(entries.map(checkPrimaryKey));
    stage = 'unproven';
    verifyBatchProof(unit.envelope, unit.proof, signingKey, context.verified);
    checkPayload(unit.payload, envelope);
    stage = 'refused';
    checkAddressee(envelope, context);
    checkRecipientPackets(unit.payload, envelope.recipientKeys);
    const content = decodeContent(
      await decryptAndVerify(unit.payload, {
        decryptWith: context.openpgp,
        senderCertificate: entries.map((entry) => entry.openpgpCertificate),
      }),
    );
    checkContentMatches(content.header, envelope);
    await checkDataset(content, envelope.dataschema, context.datasets);
    return content;
  } catch (error) {
    if (!isCausewayError(error) || error.meaning.retryable) throw error;
    return new MessageFault(notTheSenders.has(error.code) ? 'held' : stage, error);
  }
}

async function checkPrimaryKey({ endpoint, ...entry }: DirectoryEntry): Promise<void> {
  if ((await readPrimaryKey(entry.openpgpCertificate)) !== entry.openpgpFingerprint)
    throw new CausewayError('key-unsuitable', { detail: `The directory names another key of ${endpoint}.` });
}

function checkPayload(payload: Buffer, envelope: Envelope): void {
  const digest = digestOf(payload);
  if (payload.byteLength !== envelope.payloadBytes || digest !== envelope.payloadDigest) {
    throw new CausewayError('payload-mismatch');
  }
}

/**
 * A role is good enough when the message is encrypted to this endpoint's key: who held the role when it was sent
 * cannot be known now, and the sender chose the keys. Where it chose as the directory says, and this home has lost the
 * private part, the message waits for it to be put back.
 */
function checkAddressee(envelope: Envelope, { self, openpgp, directory }: OpenContext): void {
  const role = `${agencyOf(self)}/@`;
  const isAddressed = envelope.to.some((address) => address === self || address.startsWith(role));
  const isEncryptedTo = (keys: readonly Fingerprint[]): boolean =>
    envelope.recipientKeys.some((key) => keys.includes(key));
  if (isAddressed && isEncryptedTo(openpgp.encryptionKeys)) return;
  const own = directory.entryOf(self);
  if (isAddressed && own !== undefined && isEncryptedTo(encryptionKeysOf(own))) {
    throw new CausewayError('home-invalid', {
      detail: 'openpgp.key lacks the private part of an encryption key that the directory names.',
    });
  }
  const detail = isAddressed
    ? 'It was made for keys that this endpoint does not have: those of before it enrolled again, or of another.'
    : 'It is not addressed to this endpoint.';
  throw new CausewayError('payload-misdirected', { detail });
}

async function checkDataset(
  { header, body }: Content,
  dataschema: string | undefined,
  datasets: Pick<DatasetBook, 'ensure'>,
): Promise<void> {
  if (dataschema === undefined) return;
  const registry = await datasets.ensure(dataschema);
  if (header.mediaType !== 'application/json') {
    throw new CausewayError('dataset-invalid', { detail: 'A data set travels as application/json.' });
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's own words would repeat content.
    throw new CausewayError('dataset-invalid', { detail: 'It is not JSON in UTF-8.' });
  }
  registry.assertValid(dataschema, value);
}
