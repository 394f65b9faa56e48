/**
 * Looks for this endpoint's own messages in the log, some time after the gateway has accepted them. A gateway that
 * signed a receipt and keeps no leaf of it, or another one, is caught by its own signature.
 */
import { parseLeaf, type Leaf } from '../../../protocol/audit/leaf.ts';
import { isCausewayError } from '../../../protocol/errors.ts';
import type { MessageId } from '../../../protocol/ids.ts';
import { uuidFromBytes } from '../../../protocol/uuid.ts';
import { tileWidth } from '../../../protocol/proof/tile.ts';
import type { SeenCheckpoint } from './log-halt.ts';
import type { LogFaults } from './log-faults.ts';
import type { LogReader } from './log-reader.ts';
import { readRun } from './log-run.ts';
import { LogTable } from './log-table.ts';
import { ReceiptSearch } from './receipt-search.ts';
import type { KeptAnswer } from '../kept-answer.ts';
import type { StateDatabase } from '../state-database.ts';

type AcceptanceDependencies = {
  readonly state: StateDatabase;
  readonly reader: LogReader;
  readonly faults: LogFaults;
  readonly now: () => number;
  /** How long after its acceptance a message may be missing from the log. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
  /** Told of messages that the log does not hold though it should: their rows of the outbox. */
  onMissing(rows: readonly number[]): Promise<void>;
};

/** A message of the outbox, as far as it matters here. */
type Sent = {
  readonly seq: number;
  readonly id: MessageId;
  readonly digest: string;
  readonly answer: KeptAnswer | undefined;
};
type Accepted = Sent & { readonly record: number; readonly at: number };

/** What the messages of one pass are held against. */
type Pass = { readonly checkpoint: SeenCheckpoint; readonly receipts: ReceiptSearch };

const rowsPerPass = 1_024;

export class AcceptanceProver {
  readonly #deps: AcceptanceDependencies;
  readonly #table: LogTable;
  /** Messages up to here were looked at by this process; those of them that are still open. */
  #scanned: number;
  #open: number[] = [];
  /** How often one was to be looked for again, as far as this process has heeded it. */
  #heeded: number;
  #missing: number[] = [];

  constructor(deps: AcceptanceDependencies) {
    this.#deps = deps;
    this.#table = new LogTable(deps.state.statements);
    this.#scanned = this.#through;
    this.#heeded = this.#again;
  }

  /**
   * Looks for messages that were accepted, in at most so many bundles.
   * @param isNewest false where a newer checkpoint was not taken: what lies beyond this one is then not missing
   * @returns true when there is more to do at once
   */
  async prove(checkpoint: SeenCheckpoint, maxBundles: number, isNewest = true): Promise<boolean> {
    const { sent, isFull } = this.#next();
    try {
      const graceMs = isNewest ? this.#deps.graceMs : Infinity;
      const isLeft = await this.#proveSome(sent, checkpoint, maxBundles, graceMs);
      await this.#tellMissing();
      await this.#keepPlace();
      return isFull || isLeft;
    } catch (error) {
      // The next pass looks at them once more.
      this.#open = [...new Set([...this.#open, ...sent.map(({ seq }) => seq)])];
      throw error;
    }
  }

  async #proveSome(
    sent: readonly Sent[],
    checkpoint: SeenCheckpoint,
    maxBundles: number,
    graceMs: number,
  ): Promise<boolean> {
    const accepted = sent.flatMap((each) => asAccepted(each) ?? []);
    const { state, signal } = this.#deps;
    const ids = accepted.map(({ id }) => id);
    const pass = { checkpoint, receipts: new ReceiptSearch(state.statements, ids, signal) };
    const later = new Set(sent.filter(({ answer }) => answer === undefined).map(({ seq }) => seq));
    for (const each of accepted.filter(({ record }) => record >= checkpoint.size)) {
      if (this.#deps.now() - each.at < graceMs) later.add(each.seq);
      else await this.#raise(each, undefined, pass);
    }
    const bundles = [...byBundle(accepted.filter(({ record }) => record < checkpoint.size))];
    for (const [bundle, messages] of bundles.slice(0, maxBundles)) await this.#check(bundle, messages, pass);
    const left = bundles.slice(maxBundles).flatMap(([, messages]) => messages);
    for (const { seq } of left) later.add(seq);
    this.#open.push(...later);
    return left.length > 0;
  }

  get #through(): number {
    return Number(this.#table.readMeta('logProvenThrough') ?? 0);
  }

  get #again(): number {
    return Number(this.#table.readMeta('logProveAgain') ?? 0);
  }

  async #tellMissing(): Promise<void> {
    const missing = this.#missing;
    this.#missing = [];
    if (missing.length > 0) await this.#deps.onMissing(missing.toSorted((a, b) => a - b));
  }

  /** Those that were open before, then those behind them; each is taken out of the open ones. */
  #next(): { sent: Sent[]; isFull: boolean } {
    if (this.#again !== this.#heeded) {
      // One was lost and accepted anew: from the place on, which is before it, they are looked for once more.
      this.#scanned = this.#through;
      this.#open = [];
      this.#heeded = this.#again;
    }
    const { statements } = this.#deps.state;
    const columns = 'seq, id, digest, answer FROM outbox';
    const one = statements.prepare(`SELECT ${columns} WHERE seq = ?`);
    const again = this.#open.splice(0, rowsPerPass / 2).map((seq) => one.get(seq));
    const rows = statements
      .prepare(`SELECT ${columns} WHERE seq > ? ORDER BY seq LIMIT ?`)
      .all(this.#scanned, rowsPerPass / 2);
    this.#scanned = Number(rows.at(-1)?.seq ?? this.#scanned);
    const found = [...again, ...rows].filter((row) => row !== undefined);
    const sent = found.map((row) => ({
      seq: Number(row.seq),
      id: uuidFromBytes(row.id as Uint8Array),
      digest: Buffer.from(row.digest as Uint8Array).toString('base64url'),
      answer: row.answer === null ? undefined : (JSON.parse(String(row.answer)) as KeptAnswer),
    }));
    return { sent, isFull: rows.length === rowsPerPass / 2 };
  }

  /** All messages up to the place are done: after a restart it begins there. */
  async #keepPlace(): Promise<void> {
    const through = this.#open.reduce((least, seq) => Math.min(least, seq - 1), this.#scanned);
    if (through <= this.#through) return;
    await this.#deps.state.write(() => {
      if (this.#again === this.#heeded) this.#table.writeMeta('logProvenThrough', through);
    });
  }

  async #check(bundle: number, messages: readonly Accepted[], pass: Pass): Promise<void> {
    const { checkpoint } = pass;
    const from = bundle * tileWidth;
    const to = Math.min(checkpoint.size, from + tileWidth);
    const entries = await readRun(from, to, checkpoint, this.#deps.reader);
    for (const message of messages) {
      const bytes = entries[message.record - from];
      if (!isLeafOf(bytes, message)) await this.#raise(message, bytes, pass);
    }
  }

  async #raise(message: Accepted, leaf: Buffer | undefined, pass: Pass): Promise<void> {
    const { id, digest, record } = message;
    this.#missing.push(message.seq);
    if (this.#deps.faults.isKnown('acceptance', id)) return;
    const what = leaf === undefined ? 'the log has no such leaf' : 'that leaf says something else';
    await this.#deps.faults.raise('acceptance', {
      subject: id,
      detail: `The gateway signed that message ${id} is leaf ${record} of the log, but ${what}.`,
      facts: {
        ...{ message: id, envelopeDigest: digest, leafIndex: record },
        leaf: leaf?.toString('utf8') ?? null,
        // The signed group of receipts, as it came: see the protocol, section 9.
        receipts: (await pass.receipts.find(id))?.toString('base64') ?? null,
        checkpoint: pass.checkpoint.note,
      },
    });
  }
}

function asAccepted(sent: Sent): Accepted | undefined {
  const { answer } = sent;
  return answer?.outcome === 'accepted' ? { ...sent, record: answer.record, at: answer.at } : undefined;
}

function byBundle(messages: readonly Accepted[]): Map<number, Accepted[]> {
  return Map.groupBy(messages, ({ record }) => Math.floor(record / tileWidth));
}

function isLeafOf(bytes: Buffer | undefined, { id, digest }: Sent): boolean {
  const leaf = bytes === undefined ? undefined : readLeaf(bytes);
  return leaf?.kind === 'message.accepted' && leaf.message === id && leaf.envelope === digest;
}

function readLeaf(bytes: Buffer): Leaf | undefined {
  try {
    return parseLeaf(bytes);
  } catch (error) {
    if (isCausewayError(error)) return undefined;
    throw error;
  }
}
