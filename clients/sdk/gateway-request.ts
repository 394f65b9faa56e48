/** One request to the gateway over HTTPS: TLS 1.3, one trusted CA, bounded answer, problems as errors. */
import { request as requestHttps, type Agent } from 'node:https';
import { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { certificateFault, type CertificateFault } from '../../files/certificate-fault.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { errorCodeSchema } from '../../protocol/wire/control.ts';
import { describeIssues } from '../../protocol/wire/describe-issues.ts';
import { reportedError } from './reported-error.ts';
import { addressOf, whyUnreachable } from './unreachable-words.ts';

/** PEM: the CA that the gateway's certificate must come from, and the client's own key and certificate. */
type RequestTls = {
  readonly ca: string;
  readonly key?: string | undefined;
  readonly cert?: string | undefined;
};

type BareRequest = {
  /** `https://host:port`. */
  readonly gatewayUrl: string;
  readonly path: string;
  readonly tls: RequestTls;
  /** Sent as JSON with POST; a GET where there is none. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Most bytes of an answer. Default 1 MiB. */
  readonly maxAnswerBytes?: number;
  /** For how long the gateway may be silent. Default 20 s. */
  readonly timeoutMs?: number;
  /** Keeps connections for further requests. Default: one for each. */
  readonly agent?: Agent;
};

type GatewayRequest<T> = BareRequest & {
  /** What a good answer looks like. */
  readonly schema: z.ZodType<T>;
};

const defaultTimeoutMs = 20_000;

/** Problem details (RFC 9457); members that are not known are ignored, as it asks. */
const problemSchema = z.object({ code: errorCodeSchema, detail: z.string().max(4_000).optional() });

/**
 * Asks the gateway.
 * @throws CausewayError with the gateway's own code; or `gateway-unreachable`, `gateway-untrusted`, `peer-silent`, `aborted`
 */
export async function requestGateway<T>(request: GatewayRequest<T>): Promise<T> {
  const { status, bytes } = await exchange(request);
  const value = parseJson(status, bytes);
  assertGood(status, value);
  const answer = request.schema.safeParse(value);
  if (!answer.success) {
    throw unexpected(`Its answer has another form. ${describeIssues(answer.error).detail}`, answer.error);
  }
  return answer.data;
}

/** Asks the gateway for a file. @throws CausewayError as {@link requestGateway} does */
export async function requestBytes(request: BareRequest): Promise<Buffer> {
  const { status, bytes } = await exchange(request);
  if (status !== 200) assertGood(status, parseJson(status, bytes));
  return bytes;
}

function parseJson(status: number, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw unexpected(`It answered ${status} without JSON.`, cause);
  }
}

/** @throws CausewayError what the gateway says is wrong */
function assertGood(status: number, value: unknown): void {
  if (status >= 200 && status <= 299) return;
  const problem = problemSchema.safeParse(value);
  if (!problem.success) throw unexpected(`It answered ${status}.`, problem.error);
  throw reportedError(problem.data.code, problem.data.detail);
}

/** The origin of a gateway's URL, `https://` or `wss://`. @throws CausewayError `configuration-invalid` */
export function gatewayOrigin(url: string): string {
  const parsed = URL.parse(url.replace(/^wss:/, 'https:'));
  if (parsed?.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '') {
    throw new CausewayError('configuration-invalid', {
      detail: 'The address of a gateway has the form https://host:port.',
    });
  }
  return parsed.origin;
}

function exchange(request: BareRequest): Promise<{ status: number; bytes: Buffer }> {
  const { gatewayUrl, path, tls, body, signal, agent, maxAnswerBytes = 1024 * 1024 } = request;
  const { timeoutMs = defaultTimeoutMs } = request;
  const content = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(asConnectionError(error, gatewayUrl, signal));
    if (signal?.aborted === true) {
      fail(signal.reason);
      return;
    }
    const outgoing = requestHttps(
      new URL(path, gatewayUrl),
      {
        method: content === undefined ? 'GET' : 'POST',
        headers: content === undefined ? {} : { 'content-type': 'application/json' },
        ca: tls.ca,
        key: tls.key,
        cert: tls.cert,
        minVersion: 'TLSv1.3',
        rejectUnauthorized: true,
        agent: agent ?? false,
        timeout: timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.byteLength;
          if (size > maxAnswerBytes) outgoing.destroy(unexpected('Its answer is too large.'));
          else chunks.push(chunk);
        });
        incoming.on('error', fail);
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, bytes: Buffer.concat(chunks) }));
      },
    );
    outgoing.on('error', fail);
    outgoing.on('timeout', () => outgoing.destroy(lateError(outgoing.socket, gatewayUrl, timeoutMs)));
    outgoing.end(content);
  });
}

/** Tells apart: there, but silent; and not there in time. */
function lateError(socket: unknown, url: string, timeoutMs: number): CausewayError {
  const within = `within ${timeoutMs / 1_000} s`;
  // Only once its certificate has been verified is it known to be the gateway.
  return socket instanceof TLSSocket && socket.authorized
    ? new CausewayError('peer-silent', { detail: `The gateway is there, but did not answer ${within}.` })
    : new CausewayError('gateway-unreachable', {
        detail: `${addressOf(url)}: there was no answer ${within}.`,
      });
}

/** Tells apart: called off, not the right gateway, not there. */
export function asConnectionError(error: unknown, url: string, signal?: AbortSignal): CausewayError {
  if (error instanceof CausewayError) return error;
  if (signal?.aborted === true) return new CausewayError('aborted', { cause: error });
  const fault = certificateFault(error);
  if (fault !== undefined)
    return new CausewayError('gateway-untrusted', { detail: faults[fault], cause: error });
  return new CausewayError('gateway-unreachable', { detail: whyUnreachable(error, url), cause: error });
}

const faults: Readonly<Record<CertificateFault, string>> = {
  'other-host': 'Its certificate is for another host name.',
  expired: 'Its certificate has expired.',
  early: 'Its certificate is not valid yet: check the clock of this machine.',
  'other-issuer': 'Its certificate does not come from the issuing CA that is expected.',
};

function unexpected(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('gateway-unreachable', {
    detail: `What answers there does not speak this protocol. ${detail}`,
    cause,
  });
}
