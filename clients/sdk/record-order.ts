/**
 * The gateway's record only grows: a message that is submitted after another one was accepted gets a higher place in it. One
 * that does not says that the gateway went back to an earlier state, and has lost what it has accepted since.
 */
import type { AnsweredMessage, KeptAnswer } from './kept-answer.ts';
import { LostTable } from './lost-table.ts';
import type { Statements } from './state-database.ts';

/** Reading at any time; every change inside a transaction. */
export class RecordOrder {
  readonly #database: Statements;
  readonly #lost: LostTable;

  constructor(database: Statements) {
    this.#database = database;
    this.#lost = new LostTable(database);
  }

  /** The highest place that an acceptance has named; undefined before the first. */
  get highest(): number | undefined {
    const row = this.#database.prepare("SELECT value FROM meta WHERE name = 'highestRecord'").get();
    return row === undefined ? undefined : Number(row.value);
  }

  /**
   * A message was answered.
   * @returns true where the answer shows that the gateway has lost messages; then they are noted
   */
  answered(message: AnsweredMessage, answer: KeptAnswer, now: number): boolean {
    const isSetBack = answer.outcome === 'accepted' && this.#accepted(message, answer.record, now);
    this.#lost.answered(message.seq, answer);
    return isSetBack;
  }

  #accepted({ seq, recordBefore = -1 }: AnsweredMessage, record: number, now: number): boolean {
    const isHigher = record > recordBefore || record > (this.highest ?? -1);
    // One that was submitted again, and that the gateway had all the time, stays where it was.
    if (isHigher || record === this.#lost.formerRecord(seq)) {
      this.#grow(record);
      return false;
    }
    this.#database.prepare("UPDATE meta SET value = ? WHERE name = 'highestRecord'").run(record);
    this.#lost.note('record', now, { except: seq });
    return true;
  }

  #grow(record: number): void {
    this.#database
      .prepare(
        `INSERT INTO meta (name, value) VALUES ('highestRecord', ?)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`,
      )
      .run(record);
  }
}
