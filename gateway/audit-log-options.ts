/** Where a gateway's home keeps its audit log, for the thread that makes it. */
import { resolve } from 'node:path';
import type { LogThreadOptions } from './audit/log-thread.ts';
import type { GatewayHome } from './identity/gateway-home.ts';
import { logOriginOf } from './identity/gateway-settings.ts';

/** @param store the address of the store, where it is not the one of the settings */
export function auditLogOptions(home: GatewayHome, store = home.store): LogThreadOptions {
  const { settings, logDir, checkpointsDir, logKeyPem } = home;
  return {
    source: { store },
    dir: logDir,
    historyDir: checkpointsDir,
    exportDir: settings.log.export === undefined ? undefined : resolve(home.dir, settings.log.export),
    origin: logOriginOf(settings),
    keyPem: logKeyPem,
    witnesses: settings.log.witnesses,
  };
}
