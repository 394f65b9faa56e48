/** A holder's service: `POST /v1/evaluate`, for clients it knows, within their budget, and on record. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify';
import { catalogue, type ErrorCode } from '../../protocol/errors.ts';
import { evaluatePath, evaluationRequestSchema, type Evaluation } from '../../protocol/linkage/evaluation.ts';
import { AuditFile } from './audit-file.ts';
import { takeHolderFolder } from './folder-lock.ts';
import { deriveHolderKey, digestOfToken, type HolderFolder, type HolderKey } from './holder-folder.ts';
import { HourlyBudget, isWithinHour } from './hourly-budget.ts';

export type HolderServerOptions = {
  /** Made by {@link createHolderFolder}. */
  readonly dir: string;
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** PEM. Without it the service speaks plain HTTP, for this computer or behind a proxy. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** ms since 1970. For tests. */
  readonly now?: () => number;
  /** How long a request may take to arrive. For tests. */
  readonly requestTimeoutMs?: number;
};

export type HolderServer = {
  readonly url: string;
  /** The folder was in use before, and its record was gone: another was begun. */
  readonly hasLostRecord: boolean;
  close(): Promise<void>;
};

const maxRequestBytes = 16 * 1024;
const defaultRequestTimeoutMs = 10_000;
/** How often Node looks for requests that take too long; by itself, every 30 s. */
const timeoutCheckMs = 2_000;

/** What a holder notes beside what it evaluates. */
type Refusal = 'token-invalid' | 'request-malformed' | 'request-too-large';

/** What the framework refuses before a request is looked at, by its status. */
const refusals: ReadonlyMap<number | undefined, Refusal> = new Map([
  [400, 'request-malformed'],
  [413, 'request-too-large'],
  [415, 'request-malformed'],
]);

/** Starts the service. @throws CausewayError `home-invalid`, `holder-in-use` */
export async function startHolder(options: HolderServerOptions): Promise<HolderServer> {
  const { folder, hasLostRecord, release } = await takeHolderFolder(options.dir);
  try {
    const server = await serve(folder, options);
    return { url: server.url, hasLostRecord, close: () => server.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function serve(
  folder: HolderFolder,
  options: HolderServerOptions,
): Promise<Omit<HolderServer, 'hasLostRecord'>> {
  const { dir, port = 0, host = '127.0.0.1', tls, now = Date.now } = options;
  const keys = new Map(folder.epochs.map((epoch) => [epoch, deriveHolderKey(folder.seed, epoch)]));
  const budget = new HourlyBudget(folder.evaluationsPerHour);
  const audit = await openCounting(dir, budget, now());
  const app = openServer(tls, options.requestTimeoutMs);
  const findClient = (header: string | undefined): string | undefined => {
    const digest = Buffer.from(digestOfToken(/^Bearer (.+)$/.exec(header ?? '')?.[1] ?? ''), 'utf8');
    return folder.clients.find(({ tokenDigest }) => timingSafeEqual(Buffer.from(tokenDigest, 'utf8'), digest))
      ?.name;
  };
  const noteRefusal = refusalNoter({ audit, budget, now });
  app.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
    const refusal = refusals.get(error.statusCode);
    const code = refusal ?? 'internal-error';
    if (refusal !== undefined) await noteRefusal(refusal, findClient(request.headers.authorization));
    return reply.code(catalogue[code].httpStatus).send(problemOf(code));
  });
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send(problemOf('not-found')));
  app.post(evaluatePath, async (request, reply) => {
    const refuse = (code: ErrorCode) => reply.code(catalogue[code].httpStatus).send(problemOf(code));
    const client = findClient(request.headers.authorization);
    if (client === undefined) {
      await noteRefusal('token-invalid', client);
      return refuse('token-invalid');
    }
    const parsed = evaluationRequestSchema.safeParse(request.body);
    const key = parsed.success ? keys.get(parsed.data.epoch) : undefined;
    if (!parsed.success || key === undefined) {
      await noteRefusal('request-malformed', client);
      return refuse('request-malformed');
    }
    const { epoch, blinded } = parsed.data;
    const at = now();
    const allowed = budget.spend(client, blinded.length, at);
    if (!allowed && !budget.isNews('rate-limited', client, at)) return refuse('rate-limited');
    // On record before the answer leaves.
    await audit.append({
      at: new Date(at).toISOString(),
      client,
      epoch,
      evaluations: blinded.length,
      outcome: allowed ? 'evaluated' : 'rate-limited',
      asked: createHash('sha256').update(blinded.join('\n'), 'utf8').digest('base64url'),
    });
    if (!allowed) return refuse('rate-limited');
    return evaluate(key, blinded) ?? refuse('request-malformed');
  });
  const url = await app.listen({ port, host });
  return {
    url,
    close: async () => {
      await app.close();
      await audit.close();
    },
  };
}

/** Opens the record, and counts what was asked for within the hour. @param nowMs ms since 1970 */
async function openCounting(dir: string, budget: HourlyBudget, nowMs: number): Promise<AuditFile> {
  return AuditFile.open(dir, (entry) => {
    if ('change' in entry || entry.outcome !== 'evaluated') return;
    const at = Date.parse(entry.at);
    if (isWithinHour(at, nowMs)) budget.spend(entry.client, entry.evaluations, at);
  });
}

/** Puts refusals on record, as far as they are news. */
function refusalNoter({
  audit,
  budget,
  now,
}: {
  readonly audit: AuditFile;
  readonly budget: HourlyBudget;
  readonly now: () => number;
}): (outcome: Refusal, client: string | undefined) => Promise<void> {
  return async (outcome, client) => {
    const at = now();
    if (!budget.isNews(outcome, client, at)) return;
    const who = client === undefined ? {} : { client };
    await audit.append({ at: new Date(at).toISOString(), ...who, outcome });
  };
}

/** Whatever is asked, the answer has our words and not those of the framework. */
function openServer(
  tls: HolderServerOptions['tls'],
  requestTimeoutMs = defaultRequestTimeoutMs,
): FastifyInstance {
  const malformed = 'request-malformed';
  const timing = {
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(timeoutCheckMs, requestTimeoutMs),
  };
  return Fastify({
    bodyLimit: maxRequestBytes,
    // An address that is not one, such as /%zz.
    frameworkErrors: (_error: Error, _request: unknown, reply: FastifyReply) =>
      void reply.code(catalogue[malformed].httpStatus).send(problemOf(malformed)),
    // What is no HTTP at all.
    clientErrorHandler: (_error: Error, socket: Socket) => void socket.destroy(),
    requestTimeout: requestTimeoutMs,
    ...(tls === undefined
      ? { http: timing }
      : { https: { ...tls, ...timing, minVersion: 'TLSv1.3', handshakeTimeout: requestTimeoutMs } }),
  } as FastifyServerOptions);
}

/** Undefined when an element is none of the group. */
function evaluate(key: HolderKey, blinded: readonly string[]): Evaluation | undefined {
  try {
    const elements = blinded.map((element) => new Uint8Array(Buffer.from(element, 'base64url')));
    const { evaluated, proof } = ristretto255_oprf.voprf.blindEvaluateBatch(
      key.secretKey,
      key.publicKey,
      elements,
    );
    return { evaluated: evaluated.map(encode), proof: encode(proof) };
  } catch {
    return undefined;
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function problemOf(code: ErrorCode): object {
  return { code, title: catalogue[code].text, status: catalogue[code].httpStatus };
}
