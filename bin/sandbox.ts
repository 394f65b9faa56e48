/** A whole exchange in one folder, for the demo, benchmarks and tests: a gateway's home, and endpoints enrolled with it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enrol } from '../clients/sdk/enrol.ts';
import { issueEnrolmentToken } from '../gateway/identity/enrolment-token.ts';
import { initGatewayHome, type GatewayHome } from '../gateway/home/gateway-home.ts';
import { loadPolicySet } from '../gateway/policy/load.ts';
import { openStore } from '../gateway/open-store.ts';
import type { EndpointAddress } from '../protocol/ids.ts';

/** The sharing agreement that comes with Causeway. */
export const shippedPolicies = fileURLToPath(new URL('../policies', import.meta.url));

/** An endpoint to enrol: its address and roles. */
export type SandboxEndpoint = {
  readonly address: string;
  readonly roles: readonly string[];
  /** The clock by which it makes its keys. For tests. */
  readonly now?: () => number;
};

/** Makes a gateway's home under `dir/gateway`, for loopback only. */
export async function createSandbox(dir: string, policiesFrom = shippedPolicies): Promise<GatewayHome> {
  return initGatewayHome(join(dir, 'gateway'), {
    name: 'Causeway sandbox',
    hosts: ['127.0.0.1', 'localhost'],
    host: '127.0.0.1',
    port: 0,
    // Little is written, and in a temporary folder there may be little room.
    freeDiskMebibytes: 16,
    policiesFrom,
    now: Date.now,
  });
}

/** The home that {@link enrolEndpoints} makes for an endpoint. */
export function endpointHome(dir: string, address: string): string {
  return join(dir, 'endpoints', address.replace('/', '.'));
}

/**
 * Enrols endpoints with a running gateway as an operator and an integrator would: a token each, then enrolment
 * over HTTPS with keys made locally.
 * @returns the homes, in order
 */
export async function enrolEndpoints(
  dir: string,
  home: GatewayHome,
  gatewayUrl: string,
  endpoints: readonly SandboxEndpoint[],
  onEnrolled: (address: string) => void = () => undefined,
): Promise<string[]> {
  const policy = await loadPolicySet(home.policiesDir);
  // The operator's command works beside the running gateway; so does this.
  const store = await openStore(home.store, home.storeKeys);
  try {
    const homes: string[] = [];
    for (const { address, roles, now } of endpoints) {
      const { token } = await issueEnrolmentToken(
        { endpoint: address as EndpointAddress, roles },
        {
          store,
          agencies: { rolesOf: (agency) => policy.agencies.get(agency)?.roles },
          authorityFingerprint: home.authority.fingerprint,
          auditKey: home.storeKeys.auditKey,
          now: Date.now,
        },
      );
      const endpointDir = endpointHome(dir, address);
      await enrol({ gatewayUrl, token, home: endpointDir, ...(now === undefined ? {} : { now }) });
      homes.push(endpointDir);
      onEnrolled(address);
    }
    return homes;
  } finally {
    await store.close();
  }
}
