/** Answers a request with an error. */
import type { FastifyReply } from 'fastify';
import type { CausewayError } from '../../protocol/errors.ts';
import { problemContentType, problemDetails } from '../../protocol/wire/problem-details.ts';

export function sendProblem(reply: FastifyReply, error: CausewayError): void {
  void reply
    .code(error.meaning.httpStatus)
    .type(problemContentType)
    .send(JSON.stringify(problemDetails(error)));
}
