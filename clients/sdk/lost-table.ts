/**
 * Accepted messages that the gateway has lost, or may have lost, in `state.db`: what becomes of each.
 *
 * ```
 *          ┌─▶ due ──submitted again──▶ sent ──▶ taken     the gateway had lost it, and has it now
 * found ───┤                                 ├─▶ had       it had it all the time
 *          │                                 └─▶ refused   it does not take it any more: a person has to act
 *          └─▶ unsent   no copy is kept of it, or it was lost too often: a person has to act
 * ```
 */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { uuidFromBytes } from '../../protocol/uuid.ts';
import type { KeptAnswer } from './kept-answer.ts';
import type { Statements } from './state-database.ts';

/**
 * By what this endpoint knows that the gateway has gone back to an earlier state. `leaf`: the log does not hold the acceptance
 * that the gateway signed · `log`: it shows no log any more · `adopted`: a person has adopted another state of the log ·
 * `stream`: its receipts go on from an earlier place · `record`: it has given a later message an earlier place.
 */
export type LossSign = 'leaf' | 'log' | 'adopted' | 'stream' | 'record';

/** An accepted message that the gateway has lost, or may have lost, while a recipient has not answered. */
export type LostMessage = {
  readonly id: MessageId;
  readonly sign: LossSign;
  /** ms since 1970, by this computer's clock. */
  readonly foundAt: number;
  /** When it was accepted before, ms since 1970, by the gateway's clock. */
  readonly acceptedAt: number;
  /**
   * `due`, `sent`: it is submitted again by itself · `taken`: the gateway has accepted it once more · `refused`: it does not ·
   * `unsent`: no copy is kept of it here, or it was lost again and again. After the last two a person has to act.
   */
  readonly state: 'due' | 'sent' | 'taken' | 'refused' | 'unsent';
  /** Recipients that have not answered. */
  readonly recipients: readonly EndpointAddress[];
};

/** One that is lost again and again is left to a person: no gateway can make this client submit it for ever. */
const mostTimes = 5;

const isOpen = 'EXISTS (SELECT 1 FROM deliveries d WHERE d.seq = o.seq AND d.outcome IS NULL)';

/** What is on its way again is waited for: its answer says what became of it. */
const expiredLost = `FROM lost WHERE state <> 'sent'
  AND EXISTS (SELECT 1 FROM outbox o WHERE o.seq = lost.seq AND o.expires_at <= ?)`;

/** Reading at any time; every change inside a transaction. */
export class LostTable {
  readonly #database: Statements;

  constructor(database: Statements) {
    this.#database = database;
  }

  /**
   * Notes that messages may be lost: those that were accepted and are still open. One that is being submitted again already
   * is not noted twice, nor one that the gateway had although its log lacks the same acceptance. What has expired is left to
   * {@link release}: this computer's clock alone may be wrong about it.
   * @param only these rows of the outbox; by default all
   * @param except but not this one
   */
  note(
    sign: LossSign,
    now: number,
    { only, except }: { only?: readonly number[]; except?: number } = {},
  ): void {
    const note = this.#database.prepare(
      `INSERT INTO lost (seq, sign, found_at, state, answer, times)
       SELECT seq, :sign, :now, CASE WHEN payload IS NULL THEN 'unsent' ELSE 'due' END, answer, 0 FROM outbox o
       WHERE state = 'accepted' AND seq BETWEEN :first AND :last AND seq <> :except AND ${isOpen}
       ON CONFLICT (seq) DO UPDATE SET
         sign = excluded.sign, found_at = excluded.found_at, answer = excluded.answer,
         state = CASE WHEN times >= ${mostTimes} THEN 'unsent' ELSE excluded.state END
       WHERE lost.state NOT IN ('due', 'sent')
         AND NOT (lost.state = 'had' AND lost.sign = 'leaf' AND excluded.sign = 'leaf' AND lost.answer = excluded.answer)`,
    );
    const ranges = only?.map((seq) => [seq, seq]) ?? [[0, Number.MAX_SAFE_INTEGER]];
    for (const [first = 0, last = 0] of ranges) note.run({ sign, now, first, last, except: except ?? -1 });
  }

  hasDue(): boolean {
    return this.#database.prepare("SELECT 1 FROM lost WHERE state = 'due' LIMIT 1").get() !== undefined;
  }

  /**
   * Puts messages that are due back among those that wait for the gateway, in order, for this holder to send.
   * @param now ms since 1970
   * @param expiredBy those that expire until then are not sent
   * @returns the rows of the outbox
   */
  release(limit: number, holder: string, now: number, expiredBy: number): number[] {
    // What was answered or has expired meanwhile is not sent.
    this.#database
      .prepare(
        `UPDATE lost SET state = 'unsent' WHERE state = 'due' AND NOT EXISTS
           (SELECT 1 FROM outbox o WHERE o.seq = lost.seq AND o.state = 'accepted' AND o.payload IS NOT NULL
              AND o.expires_at > ? AND ${isOpen})`,
      )
      .run(expiredBy);
    const due = this.#database
      .prepare("SELECT seq FROM lost WHERE state = 'due' ORDER BY seq LIMIT ?")
      .all(limit)
      .map(({ seq }) => Number(seq));
    // As one that was written down just now: otherwise other clients of the home took it for abandoned.
    const reopen = this.#database.prepare(
      `UPDATE outbox SET state = 'waiting', answer = NULL, answered_at = NULL, holder = ?, transmitted = 1,
         created_at = ?, record_before = (SELECT value FROM meta WHERE name = 'highestRecord')
       WHERE seq = ?`,
    );
    const mark = this.#database.prepare("UPDATE lost SET state = 'sent', times = times + 1 WHERE seq = ?");
    for (const seq of due) {
      reopen.run(holder, now, seq);
      mark.run(seq);
    }
    return due;
  }

  /** The gateway has answered a message: was it submitted again, this is what became of it. */
  answered(seq: number, answer: KeptAnswer): void {
    const row = this.#database
      .prepare("SELECT sign, answer FROM lost WHERE seq = ? AND state = 'sent'")
      .get(seq);
    if (row === undefined) return;
    const isSame = answer.outcome === 'accepted' && answer.record === recordOf(row.answer);
    const taken = isSame ? 'had' : 'taken';
    const state = answer.outcome === 'refused' ? 'refused' : taken;
    this.#database.prepare('UPDATE lost SET state = ? WHERE seq = ?').run(state, seq);
    // The log is asked about the acceptance that counts now. That it lacks the same one is known already.
    if (answer.outcome === 'accepted' && !(isSame && row.sign === 'leaf')) this.#proveAgain(seq);
  }

  /** The place that a message had in the record, as it was accepted before it was submitted again. */
  formerRecord(seq: number): number | undefined {
    const row = this.#database.prepare("SELECT answer FROM lost WHERE seq = ? AND state = 'sent'").get(seq);
    return row === undefined ? undefined : recordOf(row.answer);
  }

  /** Those that are still open and have not expired, in the order in which they were sent. @param now ms since 1970 */
  list(now: number): LostMessage[] {
    const rows = this.#database
      .prepare(
        `SELECT o.id, l.* FROM lost l JOIN outbox o ON o.seq = l.seq
         WHERE l.state <> 'had' AND o.expires_at > ? AND ${isOpen} ORDER BY l.seq`,
      )
      .all(now);
    const recipients = this.#database.prepare(
      'SELECT recipient FROM deliveries WHERE seq = ? AND outcome IS NULL ORDER BY recipient',
    );
    return rows.map(({ seq, id, sign, found_at: foundAt, state, answer }) => ({
      id: uuidFromBytes(id as Uint8Array),
      sign: sign as LossSign,
      foundAt: Number(foundAt),
      acceptedAt: (JSON.parse(String(answer)) as KeptAnswer).at,
      state: state as LostMessage['state'],
      recipients: recipients.all(Number(seq)).map(({ recipient }) => recipient as EndpointAddress),
    }));
  }

  /** Forgets messages that have expired, and are nothing to act on any more. @param expiredBy by all clocks that are known */
  dropExpired(expiredBy: number): void {
    this.#database.prepare(`DELETE ${expiredLost}`).run(expiredBy);
  }

  hasExpired(expiredBy: number): boolean {
    return this.#database.prepare(`SELECT 1 ${expiredLost} LIMIT 1`).get(expiredBy) !== undefined;
  }

  /** Has its acceptance looked for in the log, also by a process that has passed it while one before it was open. */
  #proveAgain(seq: number): void {
    this.#database
      .prepare(
        "UPDATE meta SET value = :before WHERE name = 'logProvenThrough' AND CAST(value AS INTEGER) > :before",
      )
      .run({ before: seq - 1 });
    this.#database.exec(
      `INSERT INTO meta (name, value) VALUES ('logProveAgain', 1)
       ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1`,
    );
  }
}

function recordOf(answer: unknown): number | undefined {
  const before = JSON.parse(String(answer)) as KeptAnswer;
  return before.outcome === 'accepted' ? before.record : undefined;
}
