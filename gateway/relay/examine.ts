/**
 * Every check that a submitted unit must pass, in one order: form, sender, proof, time, payload, recipients,
 * vocabulary, policy. The result is a verdict for the store, with the record of why.
 */
import { CausewayError, catalogue, isCausewayError } from '../../protocol/errors.ts';
import { agencyOf, isSameSet, type EndpointAddress, type Fingerprint } from '../../protocol/ids.ts';
import { findWholeBatches, verifyBatchProof, type VerifiedRoots } from '../../protocol/proof/batch-proof.ts';
import { digestOf, sha256 } from '../../protocol/proof/merkle.ts';
import type { SigningKey } from '../../protocol/proof/signing.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { parseEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { limits } from '../../protocol/limits.ts';
import { checkRecipientPackets } from '../../protocol/wire/payload-peek.ts';
import { unreadableId } from '../../protocol/wire/receipt.ts';
import { readTimestamp } from '../../protocol/wire/timestamp.ts';
import type { CategoryLane } from '../policy/categories.ts';
import type { Decision, Party } from '../policy/decision.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { AcceptableMessage, Lane, RefusableMessage } from '../store/port.ts';
import { recordAcceptance, recordRefusal } from './examination-record.ts';

/** The sender of a unit, as its certificate and the directory name it. */
export type Sender = {
  readonly entry: DirectoryEntry;
  readonly signingKey: SigningKey;
  /** Roots of this session's batches that have been verified. */
  readonly verified: VerifiedRoots;
};

/** What the examination asks of the rest of the gateway. */
export type ExaminationContext = {
  now(): number;
  /** Directory entries for an endpoint or for all active endpoints with a role; empty when there are none. */
  resolve(recipient: string): readonly DirectoryEntry[];
  policy(): ExaminationPolicy;
  isListening(endpoint: EndpointAddress): boolean;
};

/** The part of a policy set that the relay needs. */
export type ExaminationPolicy = Pick<PolicySet, 'categories' | 'checkVocabulary' | 'decide'>;

const laneNumbers: Readonly<Record<CategoryLane, Lane>> = { immediate: 0, priority: 1, routine: 2 };

/** What a receipt has room for; a refusal for many recipients may have more to say. */
const maxTextLength = 2_000;

/** Examines the units of a frame. Never throws for anything that a sender can send. */
export function examineAll(
  units: readonly Unit[],
  sender: Sender,
  context: ExaminationContext,
): (AcceptableMessage | RefusableMessage)[] {
  const proven = findWholeBatches(units, sender.signingKey, sender.verified);
  return units.map((unit) => examine(unit, sender, context, proven.has(unit)));
}

/** Examines one unit. `isProven` when its proof has been checked already, together with others. */
export function examine(
  unit: Unit,
  sender: Sender,
  context: ExaminationContext,
  isProven = false,
): AcceptableMessage | RefusableMessage {
  const envelopeDigest = sha256(unit.envelope);
  const { endpoint: source, roles } = sender.entry;
  const examined = { source, roles, envelopeDigest };
  let envelope: Envelope | undefined;
  let authentic = false;
  let decisions: Decision[] = [];
  try {
    envelope = parseEnvelope(unit.envelope);
    checkSender(envelope, sender);
    if (!isProven) verifyBatchProof(unit.envelope, unit.proof, sender.signingKey, sender.verified);
    authentic = true;
    const expiresAt = checkTimes(envelope, context.now());
    checkPayload(envelope, unit.payload);
    const recipients = resolveRecipients(envelope, context);
    decisions = decideAll(envelope, sender.entry, recipients, context.policy());
    refuseDenied(decisions);
    const listening = recipients.map(({ endpoint }) => context.isListening(endpoint));
    const lane = laneOf(envelope, context.policy());
    return {
      verdict: 'accept',
      id: envelope.id,
      envelopeDigest,
      unit: unit.bytes,
      expiresAt,
      lane,
      category: envelope.category,
      severity: envelope.severity,
      thread: envelope.thread,
      recipients: recipients.map(({ endpoint }, nth) => ({ endpoint, listening: listening[nth] === true })),
      record: recordAcceptance({ ...examined, envelope, decisions }, listening, lane),
    };
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    const told = { code: error.code, text: error.detail?.slice(0, maxTextLength) };
    return {
      verdict: 'refuse',
      id: envelope?.id ?? unreadableId,
      envelopeDigest,
      ...told,
      final: authentic && !catalogue[error.code].retryable,
      thread: authentic ? envelope?.thread : undefined,
      record: recordRefusal({ ...examined, envelope, decisions }, told, authentic),
    };
  }
}

function checkSender(envelope: Envelope, { entry, signingKey }: Sender): void {
  if (envelope.source !== entry.endpoint) throw new CausewayError('source-mismatch');
  if (envelope.signingKey !== signingKey.keyId) throw new CausewayError('signing-key-unknown');
}

/** @returns when the message expires, ms since 1970 */
function checkTimes(envelope: Envelope, now: number): number {
  const times = timesOf(envelope);
  const untimely = untimelinessOf(times, now);
  if (untimely !== undefined) throw new CausewayError(untimely);
  if (times.expiresAt - times.writtenAt > limits.maxLifetimeMs) throw new CausewayError('lifetime-too-long');
  return times.expiresAt;
}

type Untimeliness = 'clock-skew' | 'envelope-expired';

/** What only a clock has against an envelope. */
export function untimeliness(envelope: Envelope, now: number): Untimeliness | undefined {
  return untimelinessOf(timesOf(envelope), now);
}

/** ms since 1970 */
type Times = { readonly writtenAt: number; readonly expiresAt: number };

function timesOf({ time, expires }: Envelope): Times {
  return { writtenAt: readTimestamp(time), expiresAt: readTimestamp(expires) };
}

function untimelinessOf({ writtenAt, expiresAt }: Times, now: number): Untimeliness | undefined {
  if (writtenAt > now + limits.maxClockSkewMs) return 'clock-skew';
  return expiresAt <= now ? 'envelope-expired' : undefined;
}

function checkPayload(envelope: Envelope, payload: Buffer): void {
  if (envelope.attachments.length > 0) throw new CausewayError('attachments-unsupported');
  if (payload.byteLength === 0) throw new CausewayError('payload-missing');
  if (payload.byteLength > limits.maxPayloadBytes || envelope.payloadBytes > limits.maxPayloadBytes) {
    throw new CausewayError('payload-too-large', {
      detail: `The limit is ${limits.maxPayloadBytes} bytes; larger ones will travel as attachments.`,
    });
  }
  if (payload.byteLength !== envelope.payloadBytes) {
    throw new CausewayError('payload-mismatch', { detail: 'Its length differs from payloadBytes.' });
  }
  if (digestOf(payload) !== envelope.payloadDigest) {
    throw new CausewayError('payload-mismatch', { detail: 'Its SHA-256 differs from payloadDigest.' });
  }
  checkRecipientPackets(payload, envelope.recipientKeys);
}

/** The endpoints that a message goes to, each once. Their keys must be exactly the envelope's. */
function resolveRecipients(envelope: Envelope, context: ExaminationContext): readonly DirectoryEntry[] {
  const recipients = new Map<string, DirectoryEntry>();
  for (const address of envelope.to) {
    const entries = context.resolve(address);
    if (entries.length === 0) throw new CausewayError('recipient-unknown', { detail: `It is ${address}.` });
    for (const entry of entries) {
      if (entry.status === 'revoked') {
        throw new CausewayError('recipient-revoked', { detail: `It is ${address}.` });
      }
      recipients.set(entry.endpoint, entry);
    }
  }
  const entries = [...recipients.values()];
  if (entries.length > limits.maxRecipients) {
    throw new CausewayError('envelope-malformed', {
      detail: `Its roles stand for more than ${limits.maxRecipients} endpoints.`,
    });
  }
  if (
    !isSameSet(
      entries.map((entry) => keyInUse(entry, envelope.recipientKeys)),
      envelope.recipientKeys,
    )
  ) {
    throw new CausewayError('recipient-keys-mismatch', {
      detail: 'recipientKeys are not the keys on record for the recipients; read the directory again.',
    });
  }
  return entries;
}

/** The key of a recipient that a message is to be encrypted to: its present one, or the one that was renewed since. */
function keyInUse(
  { encryptionKey, previousEncryptionKey }: DirectoryEntry,
  recipientKeys: readonly Fingerprint[],
): Fingerprint {
  if (previousEncryptionKey === null || recipientKeys.includes(encryptionKey)) return encryptionKey;
  return recipientKeys.includes(previousEncryptionKey) ? previousEncryptionKey : encryptionKey;
}

function decideAll(
  envelope: Envelope,
  sender: DirectoryEntry,
  recipients: readonly DirectoryEntry[],
  policy: ExaminationPolicy,
): Decision[] {
  const { category, severity, purpose, basis, dataschema } = envelope;
  const words = { category, severity, purpose, basis, dataschema };
  const unknown = policy.checkVocabulary(words);
  if (unknown !== undefined) throw new CausewayError(unknown.code, { detail: unknown.detail });
  const from = partyOf(sender);
  return recipients.map((recipient) =>
    policy.decide({ sender: from, recipient: partyOf(recipient), ...words }),
  );
}

/** Danger now always goes first; otherwise the category says how a notice is queued. */
function laneOf({ severity, category }: Envelope, { categories }: ExaminationPolicy): Lane {
  const lane = categories.get(category)?.lane ?? 'routine';
  return laneNumbers[severity === 'immediate' ? 'immediate' : lane];
}

const parties = new WeakMap<DirectoryEntry, Party>();

/** The same object for the same entry, by which the cache of decisions knows a question again. */
function partyOf(entry: DirectoryEntry): Party {
  const known = parties.get(entry);
  if (known !== undefined) return known;
  const { endpoint, roles } = entry;
  const party = { endpoint, agency: agencyOf(endpoint), roles };
  parties.set(entry, party);
  return party;
}

function refuseDenied(decisions: readonly Decision[]): void {
  const denied = decisions.filter((decision) => decision.effect === 'deny');
  if (denied.length === 0) return;
  const reasons = new Set(denied.flatMap((decision) => decision.reasons));
  const to = denied.map((decision) => decision.inputs.recipient.endpoint).join(', ');
  throw new CausewayError('policy-denied', {
    detail: `Not to ${to}: ${[...reasons].join(' ') || 'no policy permits it.'}`,
  });
}
