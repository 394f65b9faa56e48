/**
 * One commit group on its way: what it knows of the store as of a head, and what it is going to change.
 *
 * Operations are carried out on a draft one after the other, each seeing what those before it did; nothing is
 * written until all are done. The draft holds only if the chain still ends at its head when it is committed.
 */
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import type { CaseVault } from '../case-vault.ts';
import { OpenBodies } from '../erased-bodies.ts';
import { wordsInLeaf, type RefusedMessage } from '../kept-refusal.ts';
import { laterNumber } from '../later-number.ts';
import { LeafMaker } from '../leaf-maker.ts';
import type { CaseId, DeliveryId, StoreVersions } from '../port.ts';
import type { BlockRow } from '../stored-leaf.ts';
import type { Head } from './block.ts';
import { DraftSecrets } from './case-secrets.ts';
import type {
  DeliveryDocument,
  EntryDocument,
  MessageDocument,
  PermitDocument,
  SettledGroupDocument,
  StreamDocument,
} from './documents.ts';
import { messageIdOf } from './keys.ts';

/** A change to a delivery that was there before. */
export type DeliveryChange = Pick<
  DeliveryDocument,
  'state' | 'deliveredAt' | 'settledAt' | 'deliveredRecord' | 'settledRecord'
>;

type Collected = { readonly own: Buffer[]; readonly passedOn: Buffer[] };

/** What is true of the store as of a head. */
export type Lent = {
  readonly secrets: Map<CaseId, Buffer>;
  readonly deliveries: Map<DeliveryId, DeliveryDocument>;
  readonly streams: Map<EndpointAddress, StreamDocument>;
};

/** A message with its unit, none of whose deliveries is under way. */
export type EndedMessage = Required<Pick<MessageDocument, '_id' | 'record' | 'unit'>>;

/** A message of a case, and the leaf by which it was accepted. */
export type CaseMessage = Pick<MessageDocument, '_id' | 'record'>;

/** What the store holds of a case. */
type CaseState = {
  /** Its messages, without those that were emptied before. */
  readonly messages: readonly CaseMessage[];
  /** How many were. */
  readonly emptied: number;
  /** Its deliveries under way: one where the erasure waits for them, one more than may be ended where they are to end. */
  readonly open: readonly DeliveryDocument[];
  /** The leaves whose bodies go with it, rising; undefined where nobody has looked for them under its secret. */
  readonly bodies: readonly number[] | undefined;
};

export type Erasure = Pick<CaseState, 'messages'> & { readonly case: CaseId; readonly record: number };

export class Draft {
  readonly head: Head;
  /** The time of everything in it. */
  readonly at: number;
  /** Makes the leaves of the block, each with the index {@link nextRecord}. */
  readonly leaves: LeafMaker;
  readonly secrets: DraftSecrets;
  /** The same map that the secrets change. */
  readonly knownSecrets: Map<CaseId, Buffer>;
  readonly deliveries: Map<DeliveryId, DeliveryDocument>;
  readonly streams: Map<EndpointAddress, StreamDocument>;
  readonly permits = new Map<string, PermitDocument>();
  readonly entries = new Map<EndpointAddress, EntryDocument>();
  readonly newMessages: MessageDocument[] = [];
  readonly settledGroups: SettledGroupDocument[] = [];
  readonly newDeliveries: DeliveryId[] = [];
  readonly deliveryChanges = new Map<DeliveryId, DeliveryChange>();
  /** Senders who are to be told something: what the gateway states, and what recipients signed. */
  readonly told = new Map<EndpointAddress, Collected>();
  /** Up to which position senders have asked to forget. */
  readonly forgetting = new Map<EndpointAddress, number>();
  readonly queues = new Set<EndpointAddress>();
  /** The blocks that say what was told of messages that were refused and come again, by the leaf of the refusal. */
  readonly refusals = new Map<number, BlockRow>();
  /** Due deliveries, the soonest first, and one more than may be ended. */
  due: readonly DeliveryDocument[] = [];
  /** The case that is asked to be erased. */
  caseState: CaseState = { messages: [], emptied: 0, open: [], bodies: [] };
  /** The case that goes, and the leaf that says so. */
  erasure: Erasure | undefined;
  /** Those of the messages to be retired that are no longer under way, and what becomes of them. */
  ended: readonly EndedMessage[] = [];
  retired: readonly EndedMessage[] = [];
  /** Whether another endpoint's entry has a public key that the operation claims. */
  areKeysTaken = false;
  newPermit: PermitDocument | undefined;
  usedPermit: PermitDocument | undefined;
  newEntry: EntryDocument | undefined;
  /** Those that are set together with leaves. */
  readonly marks = new Map<string, number>();
  versions: StoreVersions;
  nextDelivery: DeliveryId;
  readonly #vault: CaseVault;
  readonly #messages = new Map<MessageId, MessageDocument[]>();

  /** @param known what is known at this head; the draft makes the maps its own */
  constructor(head: Head, at: number, vault: CaseVault, known: Lent) {
    this.head = head;
    this.at = at;
    this.deliveries = known.deliveries;
    this.streams = known.streams;
    this.#vault = vault;
    this.knownSecrets = known.secrets;
    this.secrets = new DraftSecrets(vault, known.secrets);
    this.leaves = new LeafMaker(vault, this.secrets);
    this.versions = head.versions;
    this.nextDelivery = head.nextDelivery;
  }

  /** The index that the next leaf gets. */
  get nextRecord(): number {
    return this.head.nextRecord + this.leaves.block.count;
  }

  /** True when it would change something. Whatever changes something is logged. */
  get isChanging(): boolean {
    return this.leaves.block.count > 0;
  }

  /** See `wordsInLeaf`: of a leaf that was read with {@link refusals}, or is made by the draft. */
  wordsOfRefusal(record: number, about: RefusedMessage): string | undefined {
    const { leaves, bodies } = this.leaves.block;
    const row =
      record < this.head.nextRecord
        ? this.refusals.get(record)
        : { first: this.head.nextRecord, at: this.at, leaves, bodies };
    return row && wordsInLeaf(row, record, about, this.#vault, (id) => this.knownSecrets.get(id));
  }

  /** The leaves of a case whose bodies open under a secret, to be looked for in blocks. */
  openBodies(id: CaseId, secret: Uint8Array): OpenBodies {
    return new OpenBodies(id, this.#vault, secret);
  }

  messagesOf(id: MessageId): readonly MessageDocument[] {
    return this.#messages.get(id) ?? [];
  }

  message(source: EndpointAddress, id: MessageId): MessageDocument | undefined {
    return this.messagesOf(id).find((message) => message._id.source === source);
  }

  /** Takes in a message that was read. */
  knowMessage(message: MessageDocument): void {
    const id = messageIdOf(message._id);
    if (this.message(message._id.source, id) === undefined) this.#keep(id, message);
  }

  addMessage(id: MessageId, message: MessageDocument): void {
    this.#keep(id, message);
    this.newMessages.push(message);
  }

  addDelivery(delivery: DeliveryDocument): void {
    this.deliveries.set(delivery._id, delivery);
    this.newDeliveries.push(delivery._id);
    this.queues.add(delivery.recipient);
    this.nextDelivery = delivery._id + 1;
  }

  changeDelivery(delivery: DeliveryDocument, change: DeliveryChange): void {
    const changed = { ...delivery, ...change };
    if (change.settledAt === undefined) this.deliveries.set(delivery._id, changed);
    else {
      const { open: _, ...closed } = changed;
      this.deliveries.set(delivery._id, closed);
    }
    if (delivery._id >= this.head.nextDelivery) return;
    this.deliveryChanges.set(delivery._id, { ...this.deliveryChanges.get(delivery._id), ...change });
  }

  /** Adds an encoded receipt of the gateway. */
  tell(endpoint: EndpointAddress, receipt: Buffer): void {
    this.#collected(endpoint).own.push(receipt);
  }

  /** Adds a group that somebody else signed. */
  passOn(endpoint: EndpointAddress, group: Buffer): void {
    this.#collected(endpoint).passedOn.push(group);
  }

  raise(name: keyof StoreVersions): number {
    this.versions = { ...this.versions, [name]: laterNumber(this.versions[name], this.at) };
    return this.versions[name];
  }

  #collected(endpoint: EndpointAddress): Collected {
    let collected = this.told.get(endpoint);
    if (collected === undefined) {
      collected = { own: [], passedOn: [] };
      this.told.set(endpoint, collected);
    }
    return collected;
  }

  #keep(id: MessageId, message: MessageDocument): void {
    const known = this.#messages.get(id);
    if (known === undefined) this.#messages.set(id, [message]);
    else known.push(message);
  }
}
