/** What the signatures in an evidence prove, and what is wrong with them. */
import type { Evidence } from '../../protocol/audit/evidence.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import type { Digest } from '../../protocol/ids.ts';
import { VerifiedRoots, verifyBatchProof } from '../../protocol/proof/batch-proof.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { signingKeyFromRaw, type SigningKey } from '../../protocol/proof/signing.ts';
import { parseEnvelope } from '../../protocol/wire/envelope.ts';
import { decodeReceiptGroup, verifyReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import {
  decisionsOf,
  decisionsSentence,
  envelopeSentence,
  erasureSentence,
  timeOf,
} from './evidence-sentences.ts';
import type { Finding } from './finding.ts';
import type { EntryInForce, OpenedLeaf } from './opened-leaf.ts';

/** Sentences that are proven, and findings. */
export type Judgement = { readonly statements: readonly string[]; readonly findings: readonly Finding[] };

/** Judges leaves and signatures that belong together. */
export function checkSignatures(
  evidence: Evidence,
  leaves: readonly OpenedLeaf[],
  entries: readonly EntryInForce[],
  where: string,
): Judgement {
  const judge = new Judge(evidence, leaves, entries, where);
  judge.outcome();
  judge.envelope();
  judge.decisions();
  for (const leaf of leaves) {
    if (leaf.leaf.of === evidence.record) judge.step(leaf);
    else if (leaf.leaf.kind === 'case.erased') judge.erasure(leaf);
  }
  judge.strayReceipts(leaves);
  judge.silence(leaves);
  return judge;
}

class Judge implements Judgement {
  readonly statements: string[] = [];
  readonly findings: Finding[] = [];
  readonly #evidence: Evidence;
  readonly #record: OpenedLeaf | undefined;
  readonly #entries: readonly EntryInForce[];
  readonly #where: string;
  /** Digest → group of receipts. */
  readonly #groups: ReadonlyMap<string, Buffer>;

  constructor(
    evidence: Evidence,
    leaves: readonly OpenedLeaf[],
    entries: readonly EntryInForce[],
    where: string,
  ) {
    this.#evidence = evidence;
    this.#record = leaves.find(({ index }) => index === evidence.record);
    this.#entries = entries;
    this.#where = where;
    const groups = evidence.receipts.map((group) => Buffer.from(group, 'base64'));
    this.#groups = new Map(groups.map((group) => [digestOf(group), group]));
  }

  /** What the gateway recorded of the submission. */
  outcome(): void {
    const { message, source, record } = this.#evidence;
    const leaf = this.#record?.leaf;
    if (leaf === undefined) {
      this.#wrong(`leaf ${record}, which says what became of the message, is missing`);
      return;
    }
    if (leaf.message !== message) {
      this.#wrong(`leaf ${record} is about another message`);
      return;
    }
    const who = this.#record?.body?.source;
    if (who !== undefined && who !== source) {
      this.#wrong(`leaf ${record} names another sender`);
      return;
    }
    const at = timeOf(leaf.at);
    if (leaf.kind === 'message.accepted') this.#proven(`The gateway accepted the message at ${at}.`, record);
    else if (leaf.kind === 'message.refused')
      this.#proven(`The gateway refused the message at ${at}: ${leaf.code ?? 'no code'}.`, record);
    else this.#wrong(`leaf ${record} does not say what became of the message`);
  }

  /** What the sender signed. */
  envelope(): void {
    const { envelope, proof, record, source, message } = this.#evidence;
    if (envelope === undefined || proof === undefined) {
      // A refused message is not kept, and erasure takes envelope and body away together.
      const isKept = this.#record?.leaf.kind === 'message.accepted' && this.#record.body !== undefined;
      if (isKept) this.#wrong('what the sender signed is missing');
      return;
    }
    const bytes = Buffer.from(envelope, 'base64');
    if (digestOf(bytes) !== this.#record?.leaf.envelope) {
      this.#wrong(`the envelope is not the one that leaf ${record} is about`);
      return;
    }
    const parsed = this.#attempt(() => parseEnvelope(bytes), 'the envelope cannot be read');
    if (parsed === undefined) return;
    if (parsed.id !== message || parsed.source !== source) {
      this.#wrong('the envelope is of another message');
      return;
    }
    const found = this.#keyOf(source, record);
    if (found === undefined) {
      this.#wrong(`no entry of the directory says which key ${source} had`);
      return;
    }
    this.#attempt(
      () => verifyBatchProof(bytes, Buffer.from(proof, 'base64'), found.key, new VerifiedRoots()),
      `the signature is not by the key of ${source}`,
    );
    if (this.findings.length === 0) this.#proven(envelopeSentence(parsed), found.index);
  }

  /** One step of a delivery. */
  step({ index, leaf }: OpenedLeaf): void {
    const nth = leaf.nth ?? 0;
    const recipient = decisionsOf(this.#record)[nth]?.recipient;
    const name = recipient ?? `recipient ${nth + 1}`;
    const at = timeOf(leaf.at);
    if (leaf.kind === 'delivery.delivered') {
      this.#proven(`It reached ${name} at ${at}.`, index);
      return;
    }
    if (leaf.kind === 'delivery.expired') {
      this.#proven(`It expired at ${at} before ${name} took it.`, index);
      return;
    }
    const group = leaf.receipt === undefined ? undefined : this.#groups.get(leaf.receipt);
    if (group === undefined) {
      this.#wrong(`the receipt that leaf ${index} is about is missing`);
      return;
    }
    const kind = leaf.kind === 'delivery.stored' ? 'stored' : 'refused';
    this.#checkReceipt(group, kind, index, recipient);
  }

  /** What the gateway's own record says of why. */
  decisions(): void {
    const sentence = decisionsSentence(this.#record);
    if (sentence !== undefined) this.#proven(sentence, this.#evidence.record);
  }

  /** Recipients of whom the file does not say how it ended: what is not in it may all the same be in the log. */
  silence(leaves: readonly OpenedLeaf[]): void {
    if (this.#record?.leaf.kind !== 'message.accepted') return;
    const ended = leaves
      .filter(({ leaf }) => leaf.of === this.#evidence.record && leaf.kind !== 'delivery.delivered')
      .map(({ leaf }) => leaf.nth);
    const unended = decisionsOf(this.#record).filter((_, nth) => !ended.includes(nth));
    if (unended.length === 0) return;
    const names = unended.map(({ recipient }) => recipient).join(', ');
    this.statements.push(`How it ended for ${names}, nothing in this evidence says.`);
  }

  /** Receipts that none of the leaves is about: they prove nothing here, and the leaf may have been cut out. */
  strayReceipts(leaves: readonly OpenedLeaf[]): void {
    const named = new Set(leaves.map(({ leaf }) => leaf.receipt));
    const strays = [...this.#groups.keys()].filter((digest) => !named.has(digest as Digest));
    if (strays.length > 0) this.#wrong('the leaf that a receipt belongs to is missing');
  }

  /** Who took the bodies away. */
  erasure(erased: OpenedLeaf): void {
    this.#proven(erasureSentence(erased, this.#record), erased.index);
  }

  /** @param recipient whose receipt it must be, where the body of the acceptance says so */
  #checkReceipt(
    group: Buffer,
    kind: 'stored' | 'refused',
    index: number,
    recipient: string | undefined,
  ): void {
    const parsed = this.#attempt(
      () => decodeReceiptGroup(group),
      `the receipt of leaf ${index} cannot be read`,
    );
    if (parsed === undefined) return;
    const receipt = parsed.receipts.find(
      (each) => each.kind === kind && each.message === this.#evidence.message,
    );
    if (receipt?.envelopeDigest.toString('base64url') !== this.#record?.leaf.envelope) {
      this.#wrong(`the receipt of leaf ${index} is not about this message`);
      return;
    }
    if (recipient !== undefined && parsed.issuer !== recipient) {
      this.#wrong(`the receipt of leaf ${index} is not by ${recipient}`);
      return;
    }
    const found = this.#keyOf(parsed.issuer, index);
    if (found === undefined) {
      this.#wrong(`no entry of the directory says which key ${parsed.issuer} had`);
      return;
    }
    const before = this.findings.length;
    this.#attempt(
      () => verifyReceiptGroup(parsed, found.key),
      `the receipt of leaf ${index} is not by the key of ${parsed.issuer}`,
    );
    if (this.findings.length > before) return;
    const did = kind === 'stored' ? 'has stored it' : 'refuses it';
    const at = receipt === undefined ? '' : ` at ${timeOf(receipt.at)}`;
    this.#proven(`${parsed.issuer} signed${at} that it ${did}.`, index);
  }

  /** The key that an endpoint had when a leaf was written. */
  #keyOf(endpoint: string, at: number): { readonly key: SigningKey; readonly index: number } | undefined {
    const found = this.#entries
      .filter(({ entry, index }) => entry.endpoint === endpoint && index <= at)
      .toSorted((one, other) => one.index - other.index)
      .at(-1);
    if (found === undefined) return undefined;
    return { key: signingKeyFromRaw(Buffer.from(found.entry.signingKey, 'base64url')), index: found.index };
  }

  #attempt<T>(work: () => T, otherwise: string): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!isCausewayError(error) && !(error instanceof RangeError)) throw error;
      this.#wrong(otherwise);
      return undefined;
    }
  }

  #proven(sentence: string, leaf: number): void {
    this.statements.push(`${sentence} [leaf ${leaf}]`);
  }

  #wrong(what: string): void {
    this.findings.push({ kind: 'edited', where: this.#where, text: `${what}.` });
  }
}
