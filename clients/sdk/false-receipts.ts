/**
 * Groups of receipts that are not genuine: each is noted together with what else its frame changes, since it comes only
 * once, and then raised as a fault with the group as evidence.
 */
import { isCausewayError, type CausewayError } from '../../protocol/errors.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { decodeReadableReceipts } from '../../protocol/wire/receipt-group.ts';
import type { FaultReport } from './log/log-faults.ts';
import type { StateDatabase } from './state-database.ts';

/** So many are noted until they can be raised: a gateway can make as many as it likes, and more would prove nothing more. */
const mostNoted = 100;

type FalseReceiptsDependencies = {
  readonly state: StateDatabase;
  /** True where a fault about this message was raised before. */
  readonly isRaised: (subject: string) => boolean;
  /** Resolves once the fault is durable. */
  readonly raise: (fault: FaultReport) => Promise<unknown>;
  /** Told why something could not be raised; it is tried again later. */
  readonly report: (error: unknown) => void;
};

export class FalseReceipts {
  readonly #deps: FalseReceiptsDependencies;
  #raising: Promise<void> = Promise.resolve();

  constructor(deps: FalseReceiptsDependencies) {
    this.#deps = deps;
  }

  /**
   * Call inside a transaction.
   * @param position its place in the receipt stream; 0 where it is the answer to a submission, or was held
   * @param error what shows that it is not genuine
   */
  note(position: number, group: Buffer, error: CausewayError): void {
    this.#deps.state.statements
      .prepare(
        `INSERT INTO false_receipts (position, reason, receipts)
         SELECT ?, ?, ? WHERE (SELECT count(*) FROM false_receipts) < ${mostNoted}`,
      )
      .run(position, error.message, group);
  }

  /** Raises what is noted, one after another: how many are written down is bounded by what was before. */
  raise(): Promise<void> {
    const { report } = this.#deps;
    this.#raising = this.#raising.then(() => this.#raiseNoted()).catch(report);
    return this.#raising;
  }

  async #raiseNoted(): Promise<void> {
    const { state, raise } = this.#deps;
    const rows = state.statements.prepare('SELECT * FROM false_receipts ORDER BY entry').all();
    for (const { entry, position, reason, receipts } of rows) {
      const group = Buffer.from(receipts as Uint8Array);
      const { subject, words } = this.#claimOf(group);
      await raise({
        subject,
        detail: `The gateway gave ${words} that is not genuine. ${String(reason)}`,
        facts: { position: Number(position), group: group.toString('base64') },
      });
      await state.write(() =>
        state.statements.prepare('DELETE FROM false_receipts WHERE entry = ?').run(entry ?? null),
      );
    }
  }

  /** What the group says that it is about, true or not: of its messages the first that nothing was raised about. */
  #claimOf(group: Buffer): { subject: string; words: string } {
    try {
      const { issuer, receipts } = decodeReadableReceipts(group);
      const [first] = receipts;
      const told = receipts.find(({ message }) => !this.#deps.isRaised(message)) ?? first;
      if (told !== undefined)
        return { subject: told.message, words: `a receipt of ${issuer} for ${told.message}` };
    } catch (error) {
      if (!isCausewayError(error)) throw error;
    }
    return { subject: digestOf(group), words: 'a receipt' };
  }
}
