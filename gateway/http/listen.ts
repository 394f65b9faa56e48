/** Listening, with words for what keeps a gateway from it, and where that is. */
import type { FastifyInstance } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';

/** @throws CausewayError `configuration-invalid` */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const reasons: Record<string, string> = {
      EADDRINUSE: 'another program listens there',
      EACCES: 'this user may not listen there; ports below 1024 are for privileged ones',
      EADDRNOTAVAIL: 'this computer has no such address',
      ENOTFOUND: 'there is no such address',
      EAI_AGAIN: 'its name cannot be looked up at present',
    };
    const reason = reasons[(cause as NodeJS.ErrnoException).code ?? ''];
    if (reason === undefined) throw cause;
    throw new CausewayError('configuration-invalid', {
      detail: `The gateway cannot listen on ${host}, port ${port}: ${reason}. See host and port in gateway.yaml.`,
      cause,
    });
  }
}

/**
 * @param name a DNS name or an IP address
 * @param port or a word that stands for it
 */
export function urlOf(name: string, port: number | string): string {
  return `https://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
