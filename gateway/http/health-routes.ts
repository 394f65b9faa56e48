/** Probes: `/livez` says that the process answers, `/readyz` that it can take messages now. */
import type { FastifyInstance } from 'fastify';
import { shareAnswer } from './share-answer.ts';

/** One thing that must be well for messages to be taken. */
export type HealthCheck = { readonly name: string; readonly ok: boolean; readonly detail: string };

/** @param check asked once a second at most: anybody may ask as often as he likes, and each time reads and writes the store */
export function registerHealthRoutes(
  app: FastifyInstance,
  check: () => Promise<readonly HealthCheck[]>,
): void {
  const shared = shareAnswer(check);
  app.get('/livez', (_request, reply) => reply.send({ status: 'live' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await shared();
    const ready = checks.every(({ ok }) => ok);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks });
  });
}
