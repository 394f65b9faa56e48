/** The gateway that a command is about: its folder, its home, its store opened beside a running gateway. */
import type { GatewayHome } from '../home/gateway-home.ts';
import type { Store } from '../store/port.ts';
import { forOperator } from '../store/store-damage.ts';

/** Flags of every command that acts on a gateway. */
export type GatewayFlags = { readonly dir?: string };

export const dirOption = [
  '--dir <dir>',
  "the gateway's folder (default: $CAUSEWAY_GATEWAY, or ./gateway-home)",
] as const;

/** The folder that the caller means. */
export function gatewayFolder(given: string | undefined, env: NodeJS.ProcessEnv): string {
  const named = env.CAUSEWAY_GATEWAY ?? '';
  return given ?? (named === '' ? 'gateway-home' : named);
}

/** Opens the home as it stands. @throws CausewayError `home-invalid`, `configuration-invalid` */
export async function openHome(dir: string): Promise<GatewayHome> {
  const { openGatewayHome } = await import('../home/gateway-home.ts');
  return openGatewayHome(dir, Date.now, { renews: false });
}

/** A gateway's home, and its store opened beside the gateway. */
export type OpenGateway = { readonly home: GatewayHome; readonly store: Store };

/**
 * Opens home and store for some work, and closes the store afterwards. A gateway may run meanwhile.
 * @throws CausewayError `store-missing`, and as the home and the store when they are opened
 */
export async function withGateway<T>(dir: string, work: (gateway: OpenGateway) => Promise<T>): Promise<T> {
  const home = await openHome(dir);
  const [{ openStore }, { refuseEmptyStore, refuseMissingStore }] = await Promise.all([
    import('../open-store.ts'),
    import('../lost-store.ts'),
  ]);
  await refuseMissingStore(home);
  const store = await openStore(home.store, home.storeKeys);
  try {
    await refuseEmptyStore(home, store);
    return await work({ home, store });
  } catch (error) {
    throw forOperator(error, home.store);
  } finally {
    await store.close();
  }
}
