/**
 * Turns what happened into leaves of the audit log. The same for every engine: an engine gives the secret of a case,
 * and keeps the block that comes out in the commit that it belongs to.
 */
import { encodeAcceptance, encodeDelivery, encodeLeaf, type Leaf } from '../../protocol/audit/leaf-text.ts';
import { isDigest, isMessageId, type Digest, type MessageId } from '../../protocol/id-forms.ts';
import { directoryEntryDigest } from '../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { errorCodes, type ErrorCode } from '../../protocol/errors.ts';
import type { CaseVault, FreshlySealed, SealedBody } from './case-vault.ts';
import { LeafBlock } from './leaf-block.ts';
import { houseCase, type CaseId, type DeliveryState, type RecordEntry } from './port.ts';

/** Gives the secret of a case, a fresh one where it has none. */
export type CaseSecrets = { secretOf(id: CaseId): Uint8Array };

/** What stands in the open of an acceptance or a refusal. */
export type MessageFacts = { readonly message: MessageId; readonly envelope: Digest };

/** Keys of the cases that wrote last: most messages come soon after another one of their case. */
const maxKnownKeys = 1_024;
const codes: ReadonlySet<string> = new Set(errorCodes);

export class LeafMaker {
  readonly block = new LeafBlock();
  readonly #vault: CaseVault;
  readonly #secrets: CaseSecrets;
  readonly #keys = new Map<CaseId, Buffer>();

  constructor(vault: CaseVault, secrets: CaseSecrets) {
    this.#vault = vault;
    this.#secrets = secrets;
  }

  /** @param body the record entry as JSON in UTF-8 @returns the leaf's place in the block, as do all that follow */
  accepted(facts: MessageFacts, of: CaseId, body: Uint8Array, at: number): number {
    return this.acceptedSealed(facts, of, this.#vault.seal(this.#keyOf(of), body), at);
  }

  /** One whose body is sealed under the secret that its case has. */
  acceptedSealed(
    { message, envelope }: MessageFacts,
    of: CaseId,
    { commitment, sealed }: SealedBody,
    at: number,
  ): number {
    return this.block.add(encodeAcceptance(at, message, envelope, commitment), { of, sealed });
  }

  /** One whose body is sealed under a secret that its case did not get, since it has another. */
  acceptedAnew(
    facts: MessageFacts,
    of: CaseId,
    { secret, sealed, commitment }: FreshlySealed,
    at: number,
  ): number {
    const opened = this.#vault.open(this.#vault.keyOf(secret), sealed, commitment);
    if (opened === undefined) throw new Error('a body does not open under its own secret');
    return this.accepted(facts, of, opened.body, at);
  }

  /** A refusal belongs to its case only where the sender's signature was verified: anybody can name a case. */
  refused(
    { message, envelope, code }: MessageFacts & { readonly code: ErrorCode },
    of: CaseId,
    body: Uint8Array,
    at: number,
  ): number {
    return this.#add({ kind: 'message.refused', at, message, envelope, code }, of, body);
  }

  /** The same envelope again. @param of the leaf of its first outcome */
  repeated(of: number, at: number): number {
    return this.block.add(encodeLeaf({ kind: 'message.repeated', at, of }));
  }

  /** A step of the `nth` delivery of the message that leaf `of` accepted. @param receipt digest of the group that says so */
  delivery(
    state: Exclude<DeliveryState, 'queued'>,
    {
      of,
      nth,
      receipt,
    }: { readonly of: number; readonly nth: number; readonly receipt?: Digest | undefined },
    at: number,
  ): number {
    return this.block.add(encodeDelivery(state, at, of, nth, receipt));
  }

  /** A change of the directory: the leaf binds what the endpoint's entry became, and its body holds it. */
  directory(record: RecordEntry, became: DirectoryEntry, at: number): number {
    const entry = directoryEntryDigest(became);
    const body = Buffer.from(JSON.stringify({ ...record, became }));
    return this.#add({ kind: record.kind, at, endpoint: became.endpoint, entry }, houseCase, body);
  }

  /** Anything else. @param body the record entry as JSON */
  entry(body: string, at: number, of: CaseId = houseCase): number {
    return this.#add({ ...openFieldsOf(JSON.parse(body) as RecordEntry), at }, of, Buffer.from(body));
  }

  /** Forgets the keys: what made them may have been rolled back, or destroyed. */
  forgetKeys(): void {
    this.#keys.clear();
  }

  #add(leaf: Leaf, of: CaseId, body: Uint8Array): number {
    const { commitment, sealed } = this.#vault.seal(this.#keyOf(of), body);
    return this.block.add(encodeLeaf({ ...leaf, commitment }), { of, sealed });
  }

  #keyOf(of: CaseId): Buffer {
    let key = this.#keys.get(of);
    if (key !== undefined) return key;
    key = this.#vault.keyOf(this.#secrets.secretOf(of));
    if (this.#keys.size >= maxKnownKeys) this.#keys.clear();
    this.#keys.set(of, key);
    return key;
  }
}

/** What may stand in the open of an entry that is not about one delivery: its kind, codes, digests. */
function openFieldsOf({ kind, message, envelope, code, policy }: RecordEntry): Omit<Leaf, 'at'> {
  const isMessage = kind.startsWith('message.');
  return {
    kind,
    ...(isMessage && isMessageId(message) && { message }),
    ...(isMessage && isDigest(envelope) && { envelope }),
    ...(typeof code === 'string' && codes.has(code) && { code: code as ErrorCode }),
    ...(isDigest(policy) && { policy }),
  };
}
