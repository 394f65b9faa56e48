/**
 * The published audit log, read-only, at the paths of C2SP tlog-tiles. Anybody who reaches the gateway may read it:
 * it says in the open only codes, times and opaque ids, and is there to be checked by others.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import { parseTilePath } from '../../protocol/proof/tile.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { readExactly } from '../audit/mirror-log.ts';

const forEver = 'public, max-age=31536000, immutable';

export function registerLogRoutes(app: FastifyInstance, log: Pick<AuditLog, 'folder' | 'latest'>): void {
  app.get('/checkpoint', (_request, reply) => {
    const { latest } = log;
    if (latest === undefined)
      throw new CausewayError('not-found', { detail: 'No checkpoint is published yet.' });
    return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-cache').send(latest.text);
  });

  app.get<{ Params: { '*': string } }>('/tile/*', async (request, reply): Promise<FastifyReply> => {
    const name = parseTilePath(`tile/${request.params['*']}`);
    const bytes = name === undefined ? undefined : await readExactly(log.folder, name);
    if (bytes === undefined) throw new CausewayError('not-found');
    return reply.type('application/octet-stream').header('cache-control', forEver).send(bytes);
  });
}
