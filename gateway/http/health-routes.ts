/** Probes: `/livez` says that the process answers, `/readyz` that it can take messages now. */
import type { FastifyInstance } from 'fastify';

/** One thing that must be well for messages to be taken. */
export type HealthCheck = { readonly name: string; readonly ok: boolean; readonly detail: string };

export function registerHealthRoutes(
  app: FastifyInstance,
  check: () => Promise<readonly HealthCheck[]>,
): void {
  app.get('/livez', (_request, reply) => reply.send({ status: 'live' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await check();
    const ready = checks.every(({ ok }) => ok);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks });
  });
}
