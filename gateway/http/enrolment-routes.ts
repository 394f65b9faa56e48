/** Enrolment and renewal over HTTPS. Enrolment is the one thing that needs no client certificate. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
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
import type { RequestPeer } from './identify-request.ts';

export type EnrolmentRouteDependencies = {
  readonly now: () => number;
  identify(request: FastifyRequest): RequestPeer;
  enrol(request: EnrolmentRequest): Promise<EnrolmentResponse>;
  renew(peer: RequestPeer, renewal: RenewalRequest): Promise<RenewalResponse>;
};

const maxBodyBytes = 128 * 1024;
/** Enough for a whole agency behind one address; far too few to guess a secret of 256 bits. */
const attemptsPerMinute = 60;
/** A renewal is due every other month, and each is read by every other endpoint: some for answers that get lost. */
const renewalsPerHour = 12;

export function registerEnrolmentRoutes(app: FastifyInstance, deps: EnrolmentRouteDependencies): void {
  const enrolments = new AttemptLimit(attemptsPerMinute, 60_000, deps.now);
  const renewals = new AttemptLimit(renewalsPerHour, 3_600_000, deps.now);

  app.post('/v1/enrol', { bodyLimit: maxBodyBytes }, async (request, reply) => {
    enrolments.take(request.ip);
    return reply.code(201).send(await deps.enrol(parseBody(enrolmentRequestSchema, request.body)));
  });

  app.post('/v1/renew', { bodyLimit: maxBodyBytes }, async (request, reply) => {
    const peer = deps.identify(request);
    renewals.take(peer.entry.endpoint);
    return reply.send(await deps.renew(peer, parseBody(renewalRequestSchema, request.body)));
  });
}

function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) throw new CausewayError('request-malformed', describeIssues(result.error));
  return result.data;
}
