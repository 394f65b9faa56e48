/** From what an application wants to say to an encrypted payload and an envelope that lacks only its numbers. */
// As a whole: an older Node lacks what is taken from it, and `require-node.ts` must come to say so.
import crypto from 'node:crypto';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress, Fingerprint, MessageId } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import type { BatchSigner } from '../../protocol/proof/signing.ts';
import { encodeContent, type ContentHeader } from '../../protocol/wire/content.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { describeIssues } from '../../protocol/wire/describe-issues.ts';
import { envelopeSchema } from '../../protocol/wire/envelope.ts';
import type { Limits } from '../../protocol/limits.ts';
import type { DatasetBook } from './datasets/dataset-book.ts';
import type { ClientDirectory } from './directory.ts';
import type { KnownLimits } from './heeded-limits.ts';
import type { SubjectLinkage } from './linkage/subject-linkage.ts';
import { encryptAndSign, readOpenpgpCertificate, type OpenpgpIdentity } from './openpgp.ts';
import type { EnvelopeDraft, OutboxDraft } from './outbox-table.ts';
import type { OutgoingNotice } from './outgoing-notice.ts';

export type ComposeContext = {
  readonly self: EndpointAddress;
  readonly openpgp: OpenpgpIdentity;
  readonly signer: BatchSigner;
  readonly directory: ClientDirectory;
  readonly datasets: DatasetBook;
  readonly linkage: SubjectLinkage;
  readonly limits: KnownLimits;
  readonly now: () => number;
  /** The gateway's time, as far as it is known. */
  readonly gatewayNow: () => number;
};

const defaultLifetimeMs = 30 * 24 * 3600_000;

/**
 * Checks, signs and encrypts a notice. Nothing is written or sent.
 * @param until when holders of the linkage key must have answered
 * @throws CausewayError `request-malformed`, `dataset-invalid`, `dataset-unknown`, `payload-too-large`,
 *   `linkage-key-missing`, `linkage-holder-unavailable`, `recipient-unknown`, `recipient-revoked`, `key-unknown`,
 *   `key-changed`, `key-unproven`, `key-expired`, `log-halted`, `key-unsuitable`, `lifetime-too-long`
 */
export async function composeNotice(
  notice: OutgoingNotice,
  context: ComposeContext,
  until?: AbortSignal,
): Promise<OutboxDraft> {
  const id = crypto.randomUUIDv7() as MessageId;
  const to = [notice.to].flat();
  const { current: limits } = context.limits;
  const { mediaType, name, body } = await readContent(notice, context.datasets);
  if (body.byteLength > limits.maxPayloadBytes) throw tooLarge(limits);
  const entries = context.directory.resolve(to);
  const subjects = await context.linkage.tokensOf(notice.subjects ?? [], until);
  const draft = checkDraft({ ...draftEnvelope(id, to, notice, context), subjects }, entries.length, limits);
  const header: ContentHeader = {
    id,
    source: context.self,
    to: draft.to,
    mediaType,
    ...(name === undefined ? {} : { name }),
    ...(draft.dataschema === undefined ? {} : { dataschema: draft.dataschema }),
  };
  const { payload, recipientKeys } = await sealInTime(encodeContent(header, body), entries, context);
  if (payload.byteLength > limits.maxPayloadBytes) throw tooLarge(limits);
  return {
    envelope: {
      ...draft,
      payloadDigest: digestOf(payload),
      payloadBytes: payload.byteLength,
      recipientKeys,
    },
    payload,
    recipients: entries.map((entry) => entry.endpoint),
  };
}

type Sealed = { readonly payload: Uint8Array; readonly recipientKeys: Fingerprint[] };

/**
 * By this computer's clock or, where a key is not good by it, by a later one of the gateway: a clock that is behind takes
 * a key of today for one that has not begun. Never by an earlier one, or a gateway could have a key used that has ended.
 */
async function sealInTime(
  content: Uint8Array,
  entries: readonly DirectoryEntry[],
  context: ComposeContext,
): Promise<Sealed> {
  const now = context.now();
  try {
    return await sealAt(new Date(now), content, entries, context);
  } catch (error) {
    const isForKey = isCausewayError(error, 'key-expired') || isCausewayError(error, 'key-unsuitable');
    const gatewayNow = context.gatewayNow();
    if (!isForKey || gatewayNow <= now) throw error;
    return await sealAt(new Date(gatewayNow), content, entries, context);
  }
}

async function sealAt(
  at: Date,
  content: Uint8Array,
  entries: readonly DirectoryEntry[],
  { openpgp }: ComposeContext,
): Promise<Sealed> {
  const keys = await Promise.all(entries.map((entry) => checkCertificate(entry, at)));
  const recipients = entries.map((entry) => entry.openpgpCertificate);
  try {
    const payload = await encryptAndSign(content, { signWith: openpgp, recipients, at });
    return { payload, recipientKeys: [...new Set(keys)].sort() };
  } catch (error) {
    // A key that was good when it was first looked at may have ended since.
    for (const { openpgpCertificate, endpoint } of entries)
      await readOpenpgpCertificate(openpgpCertificate, endpoint, at);
    throw error;
  }
}

type Body = { readonly mediaType: string; readonly name?: string; readonly body: Uint8Array };

async function readContent(notice: OutgoingNotice, datasets: DatasetBook): Promise<Body> {
  if (notice.dataschema !== undefined) {
    const registry = await datasets.ensure(notice.dataschema);
    registry.assertValid(notice.dataschema, notice.content);
    return { mediaType: 'application/json', body: Buffer.from(JSON.stringify(notice.content), 'utf8') };
  }
  if ('text' in notice.content)
    return { mediaType: 'text/plain; charset=utf-8', body: Buffer.from(notice.content.text, 'utf8') };
  const { file, name, mediaType } = notice.content;
  return { mediaType, name, body: file };
}

function draftEnvelope(
  id: MessageId,
  to: readonly string[],
  notice: OutgoingNotice,
  { self, signer, now, gatewayNow, limits: { current: limits } }: ComposeContext,
): object {
  const {
    category,
    severity,
    purpose,
    basis,
    dataschema,
    inReplyTo,
    expiresInMs = Math.min(defaultLifetimeMs, limits.maxLifetimeMs),
  } = notice;
  const time = now();
  if (!Number.isFinite(expiresInMs) || expiresInMs <= 0 || expiresInMs > limits.maxLifetimeMs) {
    throw new CausewayError('lifetime-too-long', {
      detail: `expiresInMs must be from 1 to ${limits.maxLifetimeMs}.`,
    });
  }
  return {
    id,
    source: self,
    type: 'notice',
    time: new Date(time).toISOString(),
    expires: new Date(expiryOf(time, expiresInMs, gatewayNow(), limits)).toISOString(),
    to,
    category,
    severity,
    purpose,
    basis,
    ...(dataschema === undefined ? {} : { dataschema }),
    subjects: [],
    thread: notice.thread ?? inReplyTo ?? id,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    payloadDigest: 'A'.repeat(43),
    payloadBytes: 1,
    recipientKeys: ['0'.repeat(64)],
    attachments: [],
    signingKey: signer.keyId,
  };
}

/**
 * A lifetime counts by the gateway's clock where this computer's is behind it: it is the gateway that lets a message expire.
 * The message is dated by this computer's clock all the same, or the gateway would decide what is signed here. So nothing
 * lasts longer than the gateway allows from that time on. Where it has expired even so, only the gateway says so: its own
 * clock may be the wrong one, and then it refuses for now.
 */
function expiryOf(time: number, lifetimeMs: number, gatewayNow: number, { maxLifetimeMs }: Limits): number {
  return Math.min(Math.max(time, gatewayNow) + lifetimeMs, time + maxLifetimeMs);
}

/** Holds the caller's words against the envelope's schema before anything is encrypted. */
function checkDraft(draft: object, recipients: number, limits: Limits): EnvelopeDraft {
  const to = (draft as { to: readonly string[] }).to;
  const result = envelopeSchema.safeParse({ ...draft, sequence: to.map(() => 1) });
  if (!result.success) throw new CausewayError('request-malformed', describeIssues(result.error));
  if (recipients > limits.maxRecipients) {
    throw new CausewayError('request-malformed', {
      detail: `The recipients stand for more than ${limits.maxRecipients} endpoints.`,
    });
  }
  const { sequence: _sequence, ...checked } = result.data;
  return checked;
}

const checkedCertificates = new WeakMap<DirectoryEntry, Fingerprint>();

/**
 * The pin is on the primary key: the certificate must be its own, and the encryption key must be the
 * certificate's, or the directory could slip another one in.
 */
async function checkCertificate(entry: DirectoryEntry, at: Date): Promise<Fingerprint> {
  const known = checkedCertificates.get(entry);
  if (known !== undefined) return known;
  const { fingerprint, encryptionKey } = await readOpenpgpCertificate(
    entry.openpgpCertificate,
    entry.endpoint,
    at,
  );
  if (fingerprint !== entry.openpgpFingerprint || encryptionKey !== entry.encryptionKey) {
    throw new CausewayError('key-changed', {
      detail: `The directory entry of ${entry.endpoint} contradicts its certificate.`,
    });
  }
  checkedCertificates.set(entry, encryptionKey);
  return encryptionKey;
}

function tooLarge(limits: Limits): CausewayError {
  return new CausewayError('payload-too-large', { detail: `The limit is ${limits.maxPayloadBytes} bytes.` });
}
