/** Finds signed receipts of acceptances among the evidence, for faults of the log. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessageId } from '../../../protocol/ids.ts';
import { decodeReadableReceipts } from '../../../protocol/wire/receipt-group.ts';
import type { Statements } from '../state-database.ts';

/** So many groups are decoded in one turn: a home may hold millions. */
const groupsAtOnce = 64;

/** One search for several messages: no group is decoded twice, and none before it is needed. */
export class ReceiptSearch {
  readonly #database: Statements;
  readonly #wanted: ReadonlySet<MessageId>;
  readonly #signal: AbortSignal;
  readonly #found = new Map<MessageId, Buffer>();
  /** Entries from here on were decoded. */
  #from = Number.MAX_SAFE_INTEGER;

  /**
   * @param wanted those that may be asked for
   * @param signal ends a search that is under way
   */
  constructor(database: Statements, wanted: Iterable<MessageId>, signal: AbortSignal) {
    this.#database = database;
    this.#wanted = new Set(wanted);
    this.#signal = signal;
  }

  /** The newest signed group that says the message was accepted, as it came. */
  async find(message: MessageId): Promise<Buffer | undefined> {
    while (!this.#found.has(message) && this.#decodeMore())
      await nextTurn(undefined, { signal: this.#signal });
    return this.#found.get(message);
  }

  /** @returns false when there is nothing more */
  #decodeMore(): boolean {
    const rows = this.#database
      .prepare('SELECT entry, receipts FROM evidence WHERE entry < ? ORDER BY entry DESC LIMIT ?')
      .all(this.#from, groupsAtOnce);
    for (const row of rows) {
      this.#from = Number(row.entry);
      const group = Buffer.from(row.receipts as Uint8Array);
      for (const { kind, message } of decodeReadableReceipts(group).receipts) {
        if (kind === 'accepted' && this.#wanted.has(message) && !this.#found.has(message))
          this.#found.set(message, group);
      }
    }
    return rows.length > 0;
  }
}
