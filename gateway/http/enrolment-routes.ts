/** Enrolment and renewal over HTTPS. Enrolment is the one thing that needs no client certificate. */
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { describeIssues } from '../../protocol/wire/describe-issues.ts';
import {
  enrolmentRequestSchema,
  renewalRequestSchema,
  type EnrolmentRequest,
  type EnrolmentResponse,
  type RenewalRequest,
  type RenewalResponse,
} from '../../protocol/wire/enrolment.ts';
import { AttemptLimit } from '../admission/attempt-limit.ts';
import { SingleFile } from '../admission/single-file.ts';
import type { EnrolmentDependencies } from '../identity/enrolment.ts';
import type { RequestPeer } from './identify-request.ts';

type EnrolmentLimits = Pick<EnrolmentDependencies, 'inTurn' | 'attempted' | 'repeated'>;

export type EnrolmentRouteDependencies = {
  readonly now: () => number;
  identify(request: FastifyRequest): RequestPeer;
  enrol(request: EnrolmentRequest, limits: EnrolmentLimits): Promise<EnrolmentResponse>;
  renew(peer: RequestPeer, renewal: RenewalRequest): Promise<RenewalResponse>;
};

const maxBodyBytes = 128 * 1024;
/**
 * With one secret that was issued: each that fails leaves a line in the record, and costs checks of keys. By address, a
 * stranger would keep everybody out who comes through the same load balancer.
 */
const attemptsPerMinute = 12;
/**
 * Strangers' guesses take one place in the store however many they are, and a token that was issued waits behind no more
 * of them than strangers have connections.
 */
const mostLookUps = 512;
/** A renewal is due every other month, and each is read by every other endpoint: some for answers that get lost. */
const renewalsPerHour = 12;

export function registerEnrolmentRoutes(app: FastifyInstance, deps: EnrolmentRouteDependencies): void {
  const enrolments = new AttemptLimit(attemptsPerMinute, 60_000, deps.now);
  const renewals = new AttemptLimit(renewalsPerHour, 3_600_000, deps.now);
  const inTurn = takeTurns();
  const limits = {
    attempted: (secretDigest: string) => enrolments.take(secretDigest),
    repeated: (endpoint: EndpointAddress) => renewals.take(endpoint),
  };

  app.post('/v1/enrol', { bodyLimit: maxBodyBytes }, async (request, reply) => {
    const asked = parseBody(enrolmentRequestSchema, request.body);
    const { socket } = request.raw;
    const answer = await deps.enrol(asked, { ...limits, inTurn: (lookUp) => inTurn(socket, lookUp) });
    return reply.code(201).send(answer);
  });

  app.post('/v1/renew', { bodyLimit: maxBodyBytes }, async (request, reply) => {
    const peer = deps.identify(request);
    renewals.take(peer.entry.endpoint);
    return reply.send(await deps.renew(peer, parseBody(renewalRequestSchema, request.body)));
  });
}

/** One look-up at a time, and one that waits for each connection: over one, any number of requests can come at once. */
function takeTurns(): <T>(socket: Socket, lookUp: () => Promise<T>) => Promise<T> {
  const lookUps = new SingleFile(mostLookUps);
  const waiting = new WeakSet<Socket>();
  return async (socket, lookUp) => {
    if (waiting.has(socket)) throw new CausewayError('rate-limited');
    waiting.add(socket);
    try {
      return await lookUps.run(lookUp);
    } finally {
      waiting.delete(socket);
    }
  };
}

function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) throw new CausewayError('request-malformed', describeIssues(result.error));
  return result.data;
}
