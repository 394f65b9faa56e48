/** Whether messages can be taken now, and what will need an operator soon. */
import { X509Certificate } from 'node:crypto';
import { isCausewayError } from '../protocol/errors.ts';
import type { HealthCheck } from './http/health-routes.ts';
import type { GatewayHome } from './identity/gateway-home.ts';
import type { Store } from './store/port.ts';

const dayMs = 24 * 3_600_000;

export async function checkHealth(parts: {
  readonly store: Pick<Store, 'probe'>;
  readonly home: GatewayHome;
  readonly now: () => number;
  readonly draining: boolean;
}): Promise<HealthCheck[]> {
  const { store, home, now, draining } = parts;
  return [
    { name: 'sessions', ok: !draining, detail: draining ? 'draining' : 'open' },
    await checkStore(store),
    checkCertificate('gateway certificate', home.tls.cert, now()),
    checkCertificate('issuing CA', home.authority.certificatePem, now()),
  ];
}

async function checkStore(store: Pick<Store, 'probe'>): Promise<HealthCheck> {
  try {
    await store.probe();
    return { name: 'store', ok: true, detail: 'writes are durable' };
  } catch (error) {
    return { name: 'store', ok: false, detail: isCausewayError(error) ? error.code : 'failed' };
  }
}

function checkCertificate(name: string, pem: string, now: number): HealthCheck {
  const days = Math.floor((new X509Certificate(pem).validToDate.getTime() - now) / dayMs);
  return { name, ok: days >= 0, detail: days < 0 ? 'expired' : `valid for ${days} more days` };
}
