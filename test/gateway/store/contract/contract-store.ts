/** The store that a contract is held against: opened anew for each test, with what tests ask of it again and again. */
import { expect } from 'vitest';
import { holdMessagesAgainst } from '../../../../gateway/audit/messages-against-log.ts';
import type {
  CaseId,
  DeliveryId,
  DeliveryState,
  Lane,
  Store,
  SubmissionResult,
} from '../../../../gateway/store/port.ts';
import { gatewayAddress, type EndpointAddress, type MessageId } from '../../../../protocol/ids.ts';
import type { SigningKey } from '../../../../protocol/proof/signing.ts';
import { decodeReceiptGroup, verifyReceiptGroup } from '../../../../protocol/wire/receipt-group.ts';
import type { Receipt } from '../../../../protocol/wire/receipt.ts';
import { health, messageId, police } from '../synthetic-messages.ts';

export type EditedColumns = {
  readonly source?: EndpointAddress;
  readonly at?: number;
  readonly record?: number;
  readonly expiresAt?: number;
  readonly category?: string;
  readonly severity?: string;
  readonly thread?: MessageId;
  readonly lane?: Lane;
  /** In SQLite their number stands there alone. */
  readonly recipients?: readonly EndpointAddress[];
  readonly listening?: number;
  readonly refusal?: string;
};

export type EditedDelivery = {
  readonly recipient?: EndpointAddress;
  readonly lane?: Lane;
  readonly expiresAt?: number;
  readonly state?: DeliveryState;
  /** SQLite keeps no such thing: there it is open as long as `settledAt` is nothing. */
  readonly isOpen?: boolean;
  readonly deliveredAt?: number | null;
  readonly deliveredRecord?: number | null;
  readonly settledAt?: number | null;
  readonly settledRecord?: number | null;
};

/** One empty database of an engine. */
export type StoreFixture = {
  /** Opens the database, as another process would. */
  open(): Promise<Store>;
  /** The clock of every store opened. */
  readonly clock: { now: number };
  /** The key that verifies the gateway's receipts. */
  readonly receiptKey: SigningKey;
  /** Deletes the secret of a case beside the store, as somebody could who has the database. */
  dropSecret(id: CaseId): Promise<void>;
  /** Overwrites what the database has of a message, beside the store. */
  setUnit(id: MessageId, unit: Buffer | null): Promise<void>;
  /** Overwrites some of what the database keeps beside the bytes of a message. */
  setColumns(id: MessageId, edited: EditedColumns): Promise<void>;
  /** Overwrites some of what the database keeps of the first delivery of a message, or deletes it. */
  setDelivery(id: MessageId, edited: EditedDelivery | null): Promise<void>;
  /**
   * Puts another delivery of a message beside the first one, under way to a recipient, `place` behind it: which, by the
   * ids, makes it the message's delivery of that place.
   * @returns its id
   */
  addDelivery(id: MessageId, recipient: EndpointAddress, place: number): Promise<DeliveryId>;
  /** Puts a group of receipts under a leaf, in place of what stands there, or deletes that. */
  setGroup(leaf: number, group: Buffer | null): Promise<void>;
  /** Leaves of a message what an erasure would. */
  emptyMessage(id: MessageId): Promise<void>;
  /** Takes away what the database keeps of an id, its deliveries excepted. */
  deleteMessage(id: MessageId): Promise<void>;
  /** Puts the same under another id. */
  copyMessage(id: MessageId, to: MessageId): Promise<void>;
  /** The leaves of a case's erasures as the engine has noted them, rising. */
  notedErasures(id: CaseId): Promise<readonly number[]>;
  /** Deletes everything; all stores are closed. */
  remove(): Promise<void>;
};

export const record = { kind: 'test.happened' };

export class ContractStore {
  fixture!: StoreFixture;
  store!: Store;
  readonly #opened: Store[] = [];

  /** Before each test. */
  async begin(fixture: StoreFixture): Promise<void> {
    this.fixture = fixture;
    this.store = await this.open();
  }

  /** After each test. */
  async end(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map(async (each) => each.close()));
    await this.fixture.remove();
  }

  /** Opens the store once more, as another process would. */
  readonly open = async (): Promise<Store> => {
    const another = await this.fixture.open();
    this.#opened.push(another);
    return another;
  };

  readonly reopen = async (): Promise<void> => {
    await this.store.close();
    this.#opened.splice(this.#opened.indexOf(this.store), 1);
    this.store = await this.open();
  };

  /** The receipts of a group that the gateway has signed. */
  readonly readGroup = (group: Buffer): readonly Receipt[] => {
    const parsed = decodeReceiptGroup(group);
    verifyReceiptGroup(parsed, this.fixture.receiptKey);
    expect(parsed.issuer).toBe(gatewayAddress);
    return parsed.receipts;
  };

  readonly submit = async (
    messages: Parameters<Store['submit']>[0]['messages'],
    source: EndpointAddress = police,
  ): Promise<SubmissionResult & { parsed: readonly Receipt[] }> => {
    const result = await this.store.submit({ source, messages });
    return { ...result, parsed: this.readGroup(result.receipts) };
  };

  readonly deliveriesOf = (result: SubmissionResult): number[] =>
    result.outcomes.flatMap((outcome) => (outcome.outcome === 'accepted' ? outcome.deliveries : []));

  /** What is amiss of messages by the leaves of the store, as "id fault", and how many were looked at. */
  readonly faults = async (): Promise<{ looked: number; faults: string[]; unknown: number }> => {
    const { looked, faults, unknown } = await holdMessagesAgainst(this.store, this.store);
    expect(faults.count).toBe(faults.first.length);
    return { looked, unknown, faults: faults.first.map(({ message, fault }) => `${message} ${fault}`) };
  };

  /** What is amiss of deliveries by the leaves of the store, as "id step fault leaf"; of groups, as "group fault leaf"; and how many there are too many. */
  readonly deliveryFaults = async (): Promise<string[]> => {
    const { deliveries, groups } = await holdMessagesAgainst(this.store, this.store);
    expect(deliveries.faults.count + groups.count).toBe(deliveries.faults.first.length + groups.first.length);
    return [
      ...deliveries.faults.first.map(
        ({ message, step, fault, leaf }) => `${message ?? 'none'} ${step} ${fault} ${leaf ?? 'unnamed'}`,
      ),
      ...groups.first.map(({ fault, leaf }) => `group ${fault} ${leaf}`),
      ...(deliveries.unknown === 0 ? [] : [`${deliveries.unknown} too many`]),
    ];
  };

  /** The kinds of all leaves. */
  readonly kinds = async (): Promise<string[]> =>
    (await this.store.readLeaves(0, 1000)).map(({ entry }) => entry.kind);

  /** The states of the deliveries of message `number`. */
  readonly states = async (number: number, source = police): Promise<string[] | undefined> =>
    (await this.store.readMessage(source, messageId(number)))?.deliveries.map(({ state }) => state);

  readonly queue = async (recipient: EndpointAddress = health, lane: 0 | 1 = 1): Promise<number[]> =>
    (await this.store.readQueue(recipient, lane, 0, 100)).map(({ delivery }) => delivery);
}
