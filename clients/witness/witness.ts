/** A witness of logs: it cosigns what leads on from what it has cosigned before, and nothing else. */
import { isCausewayError } from '../../protocol/errors.ts';
import { addSignatures, formatNote } from '../../protocol/proof/note.ts';
import type { Cosigner } from '../../protocol/proof/note-signer.ts';
import type { VerifierKey } from '../../protocol/proof/verifier-key.ts';
import {
  formatConflictSize,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  sizeContentType,
  witnessCheckpointPath,
  type AddCheckpointRequest,
  type WitnessVerdict,
} from '../../protocol/proof/witness-protocol.ts';
import type { Decision, WitnessStore } from './witness-store.ts';

/** A log that is followed, and its keys. */
export type FollowedLog = { readonly origin: string; readonly keys: readonly VerifierKey[] };

/** An answer over HTTP, and what it was about. */
export type WitnessReply = {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly contentType: string;
  readonly body: string;
  readonly origin?: string;
  /** What was cosigned now, or last. */
  readonly size?: number;
};

export type WitnessParts = {
  readonly cosigner: Cosigner;
  readonly logs: readonly FollowedLog[];
  readonly store: Pick<WitnessStore, 'lastOf' | 'advance' | 'keepEvidence'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

type Refusal = Exclude<WitnessVerdict, { readonly status: 200 }>;

const plain = 'text/plain; charset=utf-8';

export class Witness {
  readonly #parts: WitnessParts;
  readonly #keys: ReadonlyMap<string, readonly VerifierKey[]>;
  readonly #origins: ReadonlyMap<string, string>;

  constructor(parts: WitnessParts) {
    this.#parts = parts;
    this.#keys = new Map(parts.logs.map(({ origin, keys }) => [origin, keys]));
    this.#origins = new Map(parts.logs.map(({ origin }) => [witnessCheckpointPath(origin), origin]));
  }

  /** Answers `add-checkpoint`. When the answer is 200, what it says is on the disk. */
  addCheckpoint(body: Uint8Array): WitnessReply {
    let request: AddCheckpointRequest;
    try {
      request = parseAddCheckpoint(body);
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      return { status: 400, contentType: plain, body: `${error.message}\n` };
    }
    const verdict = this.#judge(request);
    if (verdict.status !== 200) return this.#refuse(verdict);
    // What was judged may be overtaken by another process: the judgement that counts is made within the transaction.
    const { store } = this.#parts;
    const { origin } = verdict.checkpoint;
    const final = store.advance(origin, () => this.#decide(request));
    return 'contentType' in final ? final : this.#refuse(final);
  }

  /** Answers a request for the last cosigned checkpoint of a log. @param path as {@link witnessCheckpointPath} */
  lastCheckpoint(path: string): WitnessReply {
    const origin = this.#origins.get(path);
    const last = origin === undefined ? undefined : this.#parts.store.lastOf(origin);
    if (last === undefined)
      return { status: 404, contentType: plain, body: 'Nothing has been cosigned here.\n' };
    return { status: 200, contentType: plain, body: last.note };
  }

  #judge(request: AddCheckpointRequest): WitnessVerdict {
    return judgeAddCheckpoint(request, {
      keysOf: (origin) => this.#keys.get(origin),
      lastOf: (origin) => this.#parts.store.lastOf(origin),
    });
  }

  #decide(request: AddCheckpointRequest): Decision<WitnessReply | Refusal> {
    const verdict = this.#judge(request);
    if (verdict.status !== 200) return { result: verdict };
    const { checkpoint, text, logLines } = verdict;
    const { origin, size, root } = checkpoint;
    const line = this.#parts.cosigner.cosign(text, Math.floor(this.#parts.now() / 1000));
    const note = addSignatures(formatNote(text, logLines), [line]);
    const result: WitnessReply = { status: 200, contentType: plain, body: line, origin, size };
    return { result, next: { size, root, note } };
  }

  #refuse(verdict: Refusal): WitnessReply {
    const { evidence } = verdict;
    if (evidence !== undefined) {
      const [origin = ''] = evidence.note.split('\n', 1);
      // The log has signed this: whoever asks why the witness stopped can be shown it.
      this.#parts.store.keepEvidence(origin, evidence, this.#parts.now());
    }
    if ('size' in verdict) {
      const { size } = verdict;
      return { status: 409, contentType: sizeContentType, body: formatConflictSize(size), size };
    }
    const { status, reason } = verdict;
    return { status, contentType: plain, body: `${reason}\n` };
  }
}
