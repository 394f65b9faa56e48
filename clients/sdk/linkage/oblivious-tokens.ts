/**
 * Tokens that nobody can make alone: an oblivious PRF (RFC 9497, VOPRF, ristretto255-SHA512) with two holders.
 *
 * ```
 *   input ─ blind ─▶ holder A: evaluate, prove ─▶ verify, unblind ─▶ output A ┐
 *         └ blind ─▶ holder B: evaluate, prove ─▶ verify, unblind ─▶ output B ┴─ SHA-256 ─▶ token
 * ```
 *
 * Neither holder sees a name, and whoever wants to try names out must ask both, each of which counts and records.
 */
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { CausewayError } from '../../../protocol/errors.ts';
import {
  evaluatePath,
  evaluationSchema,
  maxEvaluations,
  type Evaluation,
  type EvaluationRequest,
} from '../../../protocol/linkage/evaluation.ts';
import type { TokenSet } from '../../../protocol/linkage/subject-tokens.ts';
import { firstOf } from '../abort.ts';
import { certificateFault, type CertificateFault } from '../../../files/certificate-fault.ts';
import type { Holder } from './linkage-file.ts';
import type { TokenInput } from './readings.ts';

/** Asks a holder, until the signal is aborted. Tests replace it. */
export type AskHolder = (
  holder: Holder,
  request: EvaluationRequest,
  signal: AbortSignal | undefined,
) => Promise<Evaluation>;

export type ObliviousOptions = {
  readonly epoch: number;
  readonly purpose: string;
  readonly holders: readonly [Holder, Holder];
  readonly ask?: AskHolder;
};

const tokenBytes = 16;
const maxCached = 50_000;
const maxAnswerBytes = 64 * 1024;
const timeoutMs = 30_000;
const { voprf } = ristretto255_oprf;

export class ObliviousTokens {
  readonly epoch: number;
  readonly #options: ObliviousOptions;
  /** Digest of an input → its token, the oldest first. */
  readonly #cache = new Map<string, string>();

  constructor(options: ObliviousOptions) {
    this.epoch = options.epoch;
    this.#options = options;
  }

  /**
   * The tokens of one person; what was asked before is not asked again.
   * @throws CausewayError `linkage-holder-unavailable`
   */
  async tokensOf(inputs: readonly TokenInput[]): Promise<TokenSet> {
    const [tokens = { epoch: this.epoch, tokens: {} }] = await this.tokensOfAll([inputs]);
    return tokens;
  }

  /**
   * The tokens of several people, in the order given: what is not known yet is asked for together.
   * @param signal a holder that has not answered once it is aborted counts as one that is away, as after 30 s
   * @throws CausewayError `linkage-holder-unavailable`
   */
  async tokensOfAll(people: readonly (readonly TokenInput[])[], signal?: AbortSignal): Promise<TokenSet[]> {
    const keyed = people.map((inputs) =>
      inputs.map(({ recipe, text }) => {
        const input = this.#encode(recipe, text);
        return { recipe, input, digest: digestOf(input) };
      }),
    );
    // Beside the cache, which others may clear while the holders are asked.
    const made = new Map<string, string>();
    const unknown = new Map<string, Buffer>();
    for (const { input, digest } of keyed.flat()) {
      const known = this.#cache.get(digest);
      if (known === undefined) unknown.set(digest, input);
      else made.set(digest, known);
    }
    const asked = [...unknown.values()];
    for (let at = 0; at < asked.length; at += maxEvaluations) {
      const answers = await this.#evaluate(asked.slice(at, at + maxEvaluations), signal);
      for (const [digest, token] of answers) {
        made.set(digest, token);
        // At once: should a later portion fail, this one is not asked for, and charged, a second time.
        this.#cache.set(digest, token);
      }
      while (this.#cache.size > maxCached) this.#cache.delete(this.#cache.keys().next().value ?? '');
    }
    return keyed.map((inputs) => {
      const tokens: Record<string, string[]> = {};
      for (const { recipe, digest } of inputs) (tokens[recipe] ??= []).push(made.get(digest) ?? '');
      return { epoch: this.epoch, tokens };
    });
  }

  /** @returns digest of the input → token */
  async #evaluate(inputs: readonly Buffer[], signal: AbortSignal | undefined): Promise<[string, string][]> {
    const { ask = askOverHttp } = this.#options;
    const holders = inOrder(this.#options.holders, this.epoch);
    const outputs = await Promise.all(
      holders.map(async (holder) =>
        evaluateAt(holder, this.epoch, inputs, (request) => ask(holder, request, signal)),
      ),
    );
    return inputs.map((input, at) => {
      const [first, second] = outputs.map((list) => list[at]);
      if (first === undefined || second === undefined) throw new RangeError('a value without its output');
      const joined = createHash('sha256').update(first).update(second).digest();
      return [digestOf(input), joined.toString('base64url', 0, tokenBytes)];
    });
  }

  #encode(recipe: string, text: string): Buffer {
    return Buffer.from(`${this.#options.purpose}\0${recipe}\0${this.epoch}\0${text}`, 'utf8');
  }
}

/**
 * The holders in the order of their public keys: agencies that list the two in another order make the same tokens, and
 * a holder that moves to another address keeps its place.
 */
function inOrder(holders: readonly Holder[], epoch: number): readonly Holder[] {
  const keyOf = ({ publicKeys }: Holder): string => publicKeys[String(epoch)] ?? '';
  return holders.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

async function evaluateAt(
  holder: Holder,
  epoch: number,
  inputs: readonly Buffer[],
  ask: (request: EvaluationRequest) => Promise<Evaluation>,
): Promise<Uint8Array[]> {
  const publicKey = holder.publicKeys[String(epoch)];
  if (publicKey === undefined) throw unavailable(holder, `no public key of it is known for epoch ${epoch}`);
  // Each holder gets blinds of its own, so that two holders who compare notes see nothing in common.
  const items = inputs.map((input) => ({ input, ...voprf.blind(input) }));
  const answer = await ask({ epoch, blinded: items.map(({ blinded }) => encode(blinded)) });
  if (answer.evaluated.length !== items.length) throw unavailable(holder, 'its answer is too short');
  const evaluated = answer.evaluated.map(decode);
  try {
    return voprf.finalizeBatch(
      items.map((item, at) => ({ ...item, evaluated: evaluated[at] ?? new Uint8Array() })),
      decode(publicKey),
      decode(answer.proof),
    );
  } catch (cause) {
    throw unavailable(holder, 'its proof does not fit the public key that this endpoint knows', cause);
  }
}

/** A digest under a key of this process, so that the cache holds no name. */
const cacheKey = createSecretKey(crypto.getRandomValues(new Uint8Array(32)));
function digestOf(input: Buffer): string {
  return createHmac('sha256', cacheKey).update(input).digest('base64url');
}

async function askOverHttp(
  holder: Holder,
  body: EvaluationRequest,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  const text = await post(holder, JSON.stringify(body), signal).catch((cause: unknown) => {
    if (cause instanceof CausewayError) throw cause;
    throw unavailable(holder, whyUnreached(cause), cause);
  });
  const parsed = z.string().transform(parseJson).pipe(evaluationSchema).safeParse(text);
  if (!parsed.success) throw unavailable(holder, 'its answer has the wrong form');
  return parsed.data;
}

/** A holder whose certificate is not trusted is there, and nothing was asked of it. */
const faults: Readonly<Record<CertificateFault, string>> = {
  'other-host': 'its certificate is for another host name',
  expired: 'its certificate has expired',
  early: 'its certificate is not valid yet: check the clock of this machine',
  'other-issuer':
    'its certificate comes from no CA that is trusted here; where that is one of your own, name it in NODE_EXTRA_CA_CERTS',
};

function whyUnreached(cause: unknown): string {
  if (cause instanceof Error && cause.name === 'AbortError') return 'it has not answered in time';
  const fault = certificateFault(cause);
  return fault === undefined ? 'it cannot be reached' : faults[fault];
}

function post(holder: Holder, body: string, signal: AbortSignal | undefined): Promise<string> {
  const url = new URL(evaluatePath, holder.url);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${holder.token}` },
        signal: firstOf(signal, AbortSignal.timeout(timeoutMs)),
        ...(holder.authority === undefined ? {} : { ca: holder.authority }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (bytes > maxAnswerBytes) response.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
          else reject(unavailable(holder, meaningOf(response.statusCode ?? 0)));
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a holder means by refusing. */
function meaningOf(status: number): string {
  if (status === 400) return 'it has no key for this epoch, or does not understand the request';
  if (status === 403) return 'it does not know the token of this endpoint';
  if (status === 429) return 'this endpoint has used up what it may ask for in an hour';
  return `it answered with status ${status}`;
}

/** @param what follows the address of the holder */
function unavailable({ url }: Holder, what: string, cause?: unknown): CausewayError {
  return new CausewayError('linkage-holder-unavailable', { detail: `The holder at ${url}: ${what}.`, cause });
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function decode(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}
