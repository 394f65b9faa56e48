/**
 * The published audit log, read-only, at the paths of C2SP tlog-tiles. Anybody who reaches the gateway may read it:
 * it says in the open only codes, times and opaque ids, and is there to be checked by others.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { witnessedCheckpointFile } from '../../protocol/proof/checkpoint.ts';
import { parseTilePath } from '../../protocol/proof/tile.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { readExactly } from '../audit/mirror-log.ts';
import { AttemptLimit } from '../admission/attempt-limit.ts';

const forEver = 'public, max-age=31536000, immutable';

/**
 * Requests of one endpoint, or of one address, a minute. A log of 10^7 leaves has some 78,500 files, so it is mirrored in
 * seven minutes; a client that follows the log needs a handful.
 */
const defaultPerMinute = 12_000;

type RoutedLog = Pick<AuditLog, 'folder' | 'latest' | 'failure' | 'isOpening'>;

export type LogRouteDependencies = {
  readonly log: RoutedLog;
  /** ms since 1970 */
  readonly now: () => number;
  /** Who asks, by the certificate; undefined for whoever is no endpoint that takes part. */
  endpointOf(request: FastifyRequest): EndpointAddress | undefined;
  /** How often one endpoint, or one address, may ask. */
  readonly requestsPerMinute?: number;
};

export function registerLogRoutes(app: FastifyInstance, deps: LogRouteDependencies): void {
  const { log, now, requestsPerMinute = defaultPerMinute } = deps;
  const requests = new AttemptLimit(requestsPerMinute, 60_000, now);
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    try {
      // Behind a load balancer all share an address: strangers must not use up what endpoints follow the log with.
      requests.take(deps.endpointOf(request) ?? request.ip);
      done();
    } catch (error) {
      void reply.header('retry-after', '60');
      done(error as Error);
    }
  };

  app.get('/checkpoint', { onRequest }, (_request, reply) => {
    const { latest } = log;
    if (latest === undefined) throw new CausewayError('not-found', { detail: whyThereIsNone(log) });
    return sendNote(reply, latest.text);
  });

  app.get(`/${witnessedCheckpointFile}`, { onRequest }, async (_request, reply): Promise<FastifyReply> => {
    const text = await log.folder.readWitnessedCheckpoint();
    if (text === undefined)
      throw new CausewayError('not-found', { detail: 'No witness has cosigned a checkpoint yet.' });
    return sendNote(reply, text);
  });

  app.get<{ Params: { '*': string } }>(
    '/tile/*',
    { onRequest },
    async (request, reply): Promise<FastifyReply> => {
      const name = parseTilePath(`tile/${request.params['*']}`);
      const bytes = name === undefined ? undefined : await readExactly(log.folder, name);
      if (bytes === undefined) throw new CausewayError('not-found');
      return reply.type('application/octet-stream').header('cache-control', forEver).send(bytes);
    },
  );
}

/** Whoever has seen this log before must not take it for one that has not begun. */
function whyThereIsNone({ failure, isOpening }: RoutedLog): string {
  if (failure !== undefined) {
    const { code, meaning } = failure;
    return meaning.retryable
      ? `The gateway cannot publish its log at the moment (${code}).`
      : `The gateway publishes nothing more of its log until its operator has looked (${code}).`;
  }
  return isOpening
    ? 'The gateway has just started, and is opening its log.'
    : 'No checkpoint is published yet.';
}

function sendNote(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-cache').send(text);
}
