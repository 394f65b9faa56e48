/**
 * Groups of receipts that are not genuine: each is noted together with what else its frame changes, since it comes only
 * once, and then raised as a fault with the group as evidence.
 */
import { isCausewayError, type CausewayError } from '../../protocol/errors.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';
import { decodeReadableReceipts } from '../../protocol/wire/receipt-group.ts';
import type { FaultReport } from './log/log-faults.ts';
import type { StateDatabase } from './state-database.ts';

/** About so many messages something is noted until it can be raised: a gateway can make as many as it likes, and more would prove nothing more. */
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
   * Call inside a transaction. Of the messages of a group the first is noted about which nothing was: each is told once, and
   * none hides behind another.
   * @param position its place in the receipt stream; 0 where it is the answer to a submission, or was held
   * @param error what shows that it is not genuine
   */
  note(position: number, group: Buffer, error: CausewayError): void {
    const { state, isRaised } = this.#deps;
    const insert = state.statements.prepare(
      `INSERT OR IGNORE INTO false_receipts (position, reason, receipts, subject)
       SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM false_receipts) < ${mostNoted}`,
    );
    for (const subject of subjectsOf(group)) {
      if (isRaised(subject)) continue;
      if (insert.run(position, error.message, group, subject).changes !== 0) return;
    }
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
    for (const { entry, subject, position, reason, receipts } of rows) {
      const group = Buffer.from(receipts as Uint8Array);
      await raise({
        subject: String(subject),
        detail: `The gateway gave ${claimOf(group, String(subject))} that is not genuine. ${String(reason)}`,
        facts: { position: Number(position), group: group.toString('base64') },
      });
      await state.write(() =>
        state.statements.prepare('DELETE FROM false_receipts WHERE entry = ?').run(entry ?? null),
      );
    }
  }
}

/** What the group says that it is about, true or not: its messages, or where it cannot be read, it itself. */
function subjectsOf(group: Buffer): string[] {
  const messages = readGroup(group)?.receipts.map(({ message }) => message) ?? [];
  return messages.length === 0 ? [digestOf(group)] : [...new Set<string>(messages)];
}

function claimOf(group: Buffer, subject: string): string {
  const read = readGroup(group);
  const isMessage = read?.receipts.some(({ message }) => message === subject) ?? false;
  return read !== undefined && isMessage ? `a receipt of ${read.issuer} for ${subject}` : 'a receipt';
}

function readGroup(group: Buffer): ReturnType<typeof decodeReadableReceipts> | undefined {
  try {
    return decodeReadableReceipts(group);
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    return undefined;
  }
}
