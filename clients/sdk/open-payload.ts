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
import { unusableAnswer, type DatasetBook } from './datasets/dataset-book.ts';
import type { DatasetRegistry } from './datasets/datasets.ts';
import { readDocument } from './datasets/read-document.ts';
import type { ClientDirectory } from './directory.ts';
import { decryptAndVerify, readPrimaryKey, type OpenpgpIdentity } from './openpgp.ts';
import { isStateFailure } from './state-failure.ts';

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
  readonly kind: FaultKind;

  constructor(kind: FaultKind, error: CausewayError) {
    this.kind = kind;
    this.error = error;
  }
}

type FaultKind = 'held' | 'unproven' | 'refused';

/**
 * Everything that can be wrong with a message itself. Of whatever else fails, such as a state that is damaged, its sender
 * is innocent and is told nothing: a concern must not vanish for it.
 */
const faultKinds: ReadonlyMap<ErrorCode, FaultKind> = new Map<ErrorCode, FaultKind>([
  ['key-unknown', 'held'],
  ['key-changed', 'held'],
  ['signing-key-unknown', 'held'],
  ['endpoint-revoked', 'held'],
  // A key that was retired here or that this home has lost, a data set that left the agreement meanwhile.
  ['key-unsuitable', 'held'],
  ['home-invalid', 'held'],
  ['dataset-unknown', 'held'],
  ['proof-malformed', 'unproven'],
  ['proof-invalid', 'unproven'],
  ['payload-mismatch', 'unproven'],
  ['payload-misdirected', 'refused'],
  ['payload-not-encrypted', 'refused'],
  ['encryption-unsupported', 'refused'],
  ['recipient-keys-mismatch', 'refused'],
  ['payload-undecryptable', 'refused'],
  ['payload-unsigned', 'refused'],
  ['content-malformed', 'refused'],
  ['dataset-invalid', 'refused'],
]);

/**
 * Opens a message.
 * @returns its content, or what is wrong with it
 * @throws what has failed here or at the gateway: the message is to be opened again later
 */
export async function openPayload(
  unit: Unit,
  envelope: Envelope,
  context: OpenContext,
): Promise<Content | MessageFault> {
  const opened = await judge(() => openContent(unit, envelope, context));
  const { dataschema } = envelope;
  if (opened instanceof MessageFault || dataschema === undefined) return opened;
  const registry = await findDataset(dataschema, context.datasets);
  if (registry instanceof MessageFault) return registry;
  return judge(() => {
    checkDataset(opened, dataschema, registry);
    return opened;
  });
}

async function judge(work: () => Content | Promise<Content>): Promise<Content | MessageFault> {
  try {
    return await work();
  } catch (error) {
    const kind = isCausewayError(error) ? faultKinds.get(error.code) : undefined;
    if (!isCausewayError(error) || kind === undefined) throw error;
    return new MessageFault(kind, error);
  }
}

async function openContent(unit: Unit, envelope: Envelope, context: OpenContext): Promise<Content> {
  const { entries, signingKey } = context.directory.senderKeys(envelope);
  await Promise.all(entries.map(checkPrimaryKey));
  verifyBatchProof(unit.envelope, unit.proof, signingKey, context.verified);
  checkPayload(unit.payload, envelope);
  checkAddressee(envelope, context);
  checkRecipientPackets(unit.payload, envelope.recipientKeys);
  const content = decodeContent(
    await decryptAndVerify(unit.payload, {
      decryptWith: context.openpgp,
      senderCertificate: entries.map((entry) => entry.openpgpCertificate),
    }),
  );
  checkContentMatches(content.header, envelope);
  return content;
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

/** What needs no other words here. */
const saysItself: ReadonlySet<ErrorCode> = new Set(['client-closed', 'dataset-unavailable']);

/**
 * Whatever else the gateway answers is about the request of this endpoint, and says nothing of the message. So does what it
 * gives as a data set and is none.
 */
async function findDataset(
  dataschema: string,
  datasets: Pick<DatasetBook, 'ensure'>,
): Promise<DatasetRegistry | MessageFault> {
  try {
    const registry = await datasets.ensure(dataschema);
    if (registry.isUsable(dataschema)) return registry;
  } catch (error) {
    if (isCausewayError(error, 'dataset-unknown')) return new MessageFault('held', error);
    if (isStateFailure(error) || (isCausewayError(error) && saysItself.has(error.code))) throw error;
    throw unavailable(isCausewayError(error) ? error.message : undefined, error);
  }
  throw unavailable();
}

function unavailable(detail = unusableAnswer, cause?: unknown): CausewayError {
  return new CausewayError('dataset-unavailable', { detail, cause });
}

function checkDataset({ header, body }: Content, dataschema: string, registry: DatasetRegistry): void {
  if (header.mediaType !== 'application/json') {
    throw new CausewayError('dataset-invalid', { detail: 'A data set travels as application/json.' });
  }
  registry.assertValid(dataschema, readDocument(body));
}
