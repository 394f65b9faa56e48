/** Asks a witness for its cosignature, by the C2SP tlog-witness protocol. */
import { CausewayError, isCausewayError, type ErrorCode } from '../../protocol/errors.ts';
import { parseNote, type NoteSignature } from '../../protocol/proof/note.ts';
import { proveConsistency, type TileReader } from '../../protocol/proof/tile-proof.ts';
import { parseVerifierKey, type VerifierKey } from '../../protocol/proof/verifier-key.ts';
import {
  addCheckpointPath,
  formatAddCheckpoint,
  readWitnessAnswer,
  witnessCheckpointPath,
  type WitnessAnswer,
} from '../../protocol/proof/witness-protocol.ts';
import { askWitness, type WitnessSettings } from './ask-witness.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';
import { toldFailure } from './told-failure.ts';
import { unreachableWords } from './unreachable-words.ts';
import { compareHistories } from './witnessed-history.ts';

const answerMs = 10_000;
/**
 * The answers to a checkpoint that does not lead on from what the witness has cosigned, but of that alone no proof. So is
 * a 409 with a size, where that is above what is published.
 */
const forkStatuses: readonly number[] = [409, 422];

/** A witness that has not cosigned. */
export class WitnessFailure extends CausewayError {
  /** What stays the same of the reason when it fails again, with a checkpoint of another size. */
  readonly kind: string;

  constructor(code: ErrorCode, kind: string, options: { detail: string; cause?: unknown }) {
    super(code, options);
    this.kind = `${code} ${kind}`;
  }
}

type Refusal = Exclude<WitnessAnswer, { readonly outcome: 'cosigned' }>;

/** What is asked of a witness. */
type Question = {
  readonly checkpoint: PublishedCheckpoint;
  readonly read: TileReader;
  /** Says when nobody waits for the answers any more. */
  readonly signal: AbortSignal;
};

/** One witness and what it last told of this log. */
export class Witness {
  readonly #settings: WitnessSettings;
  readonly #key: VerifierKey;
  readonly #logKey: VerifierKey;
  #size = 0;

  /** @param logKey the key of the log, to see what else it has signed */
  constructor(settings: WitnessSettings, logKey: VerifierKey) {
    this.#settings = settings;
    this.#logKey = logKey;
    this.#key = parseVerifierKey(settings.key);
  }

  get name(): string {
    return this.#key.name;
  }

  /** Without a password, if one stands in it. */
  get #address(): string {
    const { origin, pathname } = new URL(this.#settings.url);
    return `${origin}${pathname}`.replace(/\/$/, '');
  }

  /** True when one of the signatures names this witness. They were checked when they were added. */
  hasSigned(signatures: readonly NoteSignature[]): boolean {
    const { name, keyId } = this.#key;
    return signatures.some((signature) => signature.name === name && signature.keyId === keyId);
  }

  /**
   * One at a time.
   * @param signal says to wait no longer; ten seconds are the most in any case
   * @returns its signature line
   * @throws WitnessFailure `witness-refused`, `witness-unreachable`; `log-unreadable` where no proof can be made for it
   */
  async cosign(
    checkpoint: PublishedCheckpoint,
    read: TileReader,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const question = { checkpoint, read, signal: AbortSignal.any([AbortSignal.timeout(answerMs), signal]) };
    const first = await this.#ask(question);
    // It knows another size than we thought: a start of ours, or another gateway of the same log.
    const isBehind = first.outcome === 'conflict' && first.size <= checkpoint.size;
    if (isBehind) this.#size = first.size;
    const answer = isBehind ? await this.#ask(question) : first;
    if (answer.outcome !== 'cosigned') throw await this.#refusal(answer, question);
    this.#size = checkpoint.size;
    // One is enough: a hundred, each with another time, would fill the note, and nobody could read it any more.
    return answer.cosignatures.slice(0, 1).map(({ line }) => line);
  }

  async #ask({ checkpoint, read, signal }: Question): Promise<WitnessAnswer> {
    const oldSize = Math.min(this.#size, checkpoint.size);
    const path = await proveConsistency(oldSize, checkpoint.size, read).catch((cause: unknown) => {
      const { code, detail: why = code } = toldFailure(cause);
      throw this.#failure('log-unreadable', code, `no proof can be made for it. ${why}`, cause);
    });
    const body = formatAddCheckpoint({ oldSize, path, checkpoint: checkpoint.text });
    const answer = await askWitness(this.#settings, addCheckpointPath, { body, signal }).catch(
      (cause: unknown) => {
        const why = unreachableWords(cause);
        throw this.#failure('witness-unreachable', why, `${this.#address}: ${why}.`, cause);
      },
    );
    try {
      return readWitnessAnswer(answer, parseNote(checkpoint.text).text, [this.#key]);
    } catch (cause) {
      if (!isCausewayError(cause)) throw cause;
      // It has another key now, or something else stands at its address.
      const words = `its answer is neither its cosignature nor a size (${cause.code}).`;
      throw this.#failure('witness-refused', cause.code, words, cause);
    }
  }

  async #refusal(answer: Refusal, question: Question): Promise<WitnessFailure> {
    const isSize = answer.outcome === 'conflict';
    const answered = isSize ? `it knows size ${answer.size}` : `it answered ${answer.status}`;
    if (!isSize && !forkStatuses.includes(answer.status))
      return this.#failure('witness-refused', String(answer.status), `${answered}.`);
    const refused = (kind: string, words: string, cause?: unknown): WitnessFailure =>
      this.#failure('witness-refused', `${isSize ? 'size' : answer.status} ${kind}`, words, cause);
    try {
      const { is, size } = await this.#compare(question);
      const words = {
        another: `it has cosigned another history: the key of this log has signed two, which differ within the first ${size} entries.`,
        'this-one': `${answered}, though what it has cosigned last, ${size} entries, is of this history.`,
        longer: `${answered}. It has cosigned ${size} entries, more than there are here: another gateway of this log may be ahead, this may be an older copy of it, or there is another history.`,
      };
      return refused(is, words[is]);
    } catch (cause) {
      const { code, detail: why = code } = toldFailure(cause);
      const unread = `${answered}. It may have cosigned another history, but its last checkpoint does not show it here: ask for it, and compare. ${why}`;
      return refused('unread', unread, cause);
    }
  }

  /** Holds the last checkpoint that the witness itself shows against what is published. @throws whatever goes wrong */
  async #compare({ checkpoint, read, signal }: Question): ReturnType<typeof compareHistories> {
    const path = witnessCheckpointPath(this.#logKey.name);
    const { status, body } = await askWitness(this.#settings, path, { signal }).catch((cause: unknown) => {
      throw new CausewayError('witness-unreachable', {
        detail: `It could not be fetched: ${unreachableWords(cause)}.`,
        cause,
      });
    });
    if (status !== 200)
      throw new CausewayError('witness-unreachable', { detail: `The witness answered ${status} to that.` });
    return compareHistories(body, checkpoint, { log: this.#logKey, witness: this.#key }, read);
  }

  #failure(code: ErrorCode, kind: string, words: string, cause?: unknown): WitnessFailure {
    return new WitnessFailure(code, kind, { detail: `${this.name}: ${words}`, cause });
  }
}
