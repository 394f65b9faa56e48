/** Asks the configured witnesses for their cosignatures, by the C2SP tlog-witness protocol. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { addSignatures, parseNote, type NoteSignature } from '../../protocol/proof/note.ts';
import { proveConsistency, type TileReader } from '../../protocol/proof/tile-proof.ts';
import { parseVerifierKey, type VerifierKey } from '../../protocol/proof/verifier-key.ts';
import {
  addCheckpointPath,
  formatAddCheckpoint,
  readWitnessAnswer,
  type WitnessAnswer,
} from '../../protocol/proof/witness-protocol.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';
import { toldFailure } from './told-failure.ts';

/** A witness as the settings name it. */
export type WitnessSettings = {
  /** Its address, such as `https://witness.example/committee`. */
  readonly url: string;
  /** Its verifier key. */
  readonly key: string;
  /** The certificate of the CA that its TLS certificate comes from, PEM, where the system does not know it. */
  readonly ca?: string | undefined;
};

const answerMs = 10_000;
const maxAnswerBytes = 64 * 1024;

/** One witness and what it last told of this log. */
class Witness {
  readonly #settings: WitnessSettings;
  readonly #key: VerifierKey;
  #size = 0;

  constructor(settings: WitnessSettings) {
    this.#settings = settings;
    this.#key = parseVerifierKey(settings.key);
  }

  get name(): string {
    return this.#key.name;
  }

  /** True when one of the signatures names this witness. They were checked when they were added. */
  hasSigned(signatures: readonly NoteSignature[]): boolean {
    const { name, keyId } = this.#key;
    return signatures.some((signature) => signature.name === name && signature.keyId === keyId);
  }

  /**
   * @returns its signature line
   * @throws CausewayError `witness-refused`, `witness-unreachable`; `log-unreadable` where no proof can be made for it
   */
  async cosign(checkpoint: PublishedCheckpoint, read: TileReader): Promise<readonly string[]> {
    const first = await this.#ask(checkpoint, read);
    // It knows another size than we thought: a start of ours, or another gateway of the same log.
    const isBehind = first.outcome === 'conflict' && first.size <= checkpoint.size;
    if (isBehind) this.#size = first.size;
    const answer = isBehind ? await this.#ask(checkpoint, read) : first;
    if (answer.outcome !== 'cosigned') {
      throw new CausewayError('witness-refused', { detail: `${this.name}: ${reasonOf(answer)}.` });
    }
    this.#size = checkpoint.size;
    // One is enough: a hundred, each with another time, would fill the note, and nobody could read it any more.
    return answer.cosignatures.slice(0, 1).map(({ line }) => line);
  }

  async #ask(checkpoint: PublishedCheckpoint, read: TileReader): Promise<WitnessAnswer> {
    const oldSize = Math.min(this.#size, checkpoint.size);
    const path = await proveConsistency(oldSize, checkpoint.size, read).catch((cause: unknown) => {
      const { code, detail: why = code } = toldFailure(cause);
      const detail = `${this.name}: no proof can be made for it. ${why}`;
      throw new CausewayError('log-unreadable', { detail, cause });
    });
    const body = formatAddCheckpoint({ oldSize, path, checkpoint: checkpoint.text });
    const answer = await post(this.#settings, body).catch((cause: unknown) => {
      throw new CausewayError('witness-unreachable', { detail: this.name, cause });
    });
    try {
      return readWitnessAnswer(answer, parseNote(checkpoint.text).text, [this.#key]);
    } catch (cause) {
      if (!isCausewayError(cause)) throw cause;
      // It has another key now, or something else stands at its address.
      const detail = `${this.name}: its answer is neither its cosignature nor a size (${cause.code}).`;
      throw new CausewayError('witness-refused', { detail, cause });
    }
  }
}

function reasonOf(answer: Exclude<WitnessAnswer, { readonly outcome: 'cosigned' }>): string {
  if (answer.outcome === 'conflict') return `it knows size ${answer.size}`;
  const { status } = answer;
  return status === 409
    ? 'it has cosigned another history of this size (it answered 409)'
    : `it answered ${status}`;
}

export class Witnesses {
  readonly #witnesses: readonly Witness[];
  readonly #onError: (error: unknown) => void;
  /** Witnesses that failed last time: told once. */
  readonly #failing = new Set<string>();

  constructor(settings: readonly WitnessSettings[], onError: (error: unknown) => void) {
    this.#witnesses = settings.map((each) => new Witness(each));
    this.#onError = onError;
  }

  /** True when a witness has not cosigned this checkpoint. */
  isMissingOn(checkpoint: PublishedCheckpoint): boolean {
    return this.#missingOn(checkpoint).length > 0;
  }

  /**
   * The checkpoint with the cosignatures of those that gave one in time; those that it has already are not asked for.
   * Never throws.
   */
  async cosign(checkpoint: PublishedCheckpoint, read: TileReader): Promise<PublishedCheckpoint> {
    const missing = this.#missingOn(checkpoint);
    const answers = await Promise.all(missing.map(async (witness) => this.#ask(witness, checkpoint, read)));
    const lines = answers.flat();
    if (lines.length === 0) return checkpoint;
    return { ...checkpoint, text: addSignatures(checkpoint.text, lines) };
  }

  #missingOn({ text }: PublishedCheckpoint): readonly Witness[] {
    const { signatures } = parseNote(text);
    return this.#witnesses.filter((witness) => !witness.hasSigned(signatures));
  }

  async #ask(
    witness: Witness,
    checkpoint: PublishedCheckpoint,
    read: TileReader,
  ): Promise<readonly string[]> {
    try {
      const lines = await witness.cosign(checkpoint, read);
      this.#failing.delete(witness.name);
      return lines;
    } catch (error) {
      if (!this.#failing.has(witness.name)) this.#onError(error);
      this.#failing.add(witness.name);
      return [];
    }
  }
}

type Answer = { readonly status: number; readonly contentType: string; readonly body: string };

async function post({ url, ca }: WitnessSettings, body: string): Promise<Answer> {
  const target = new URL(`${url.replace(/\/$/, '')}${addCheckpointPath}`);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      target,
      {
        method: 'POST',
        ca,
        signal: AbortSignal.timeout(answerMs),
        headers: { 'content-type': 'text/plain; charset=utf-8' },
      },
      (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.byteLength;
          if (bytes > maxAnswerBytes) request.destroy(new Error('the answer is too large'));
          pieces.push(piece);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            body: Buffer.concat(pieces).toString('utf8'),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
