/** Where a gateway's home keeps its audit log, for the thread that makes it. */
import { resolve } from 'node:path';
import type { LogThreadOptions } from './audit/log-thread.ts';
import type { GatewayHome } from './identity/gateway-home.ts';
import { logOriginOf } from './identity/gateway-settings.ts';

export function auditLogOptions(home: GatewayHome): LogThreadOptions {
  const { settings, logDir, checkpointsDir, logKeyPem, storeFile } = home;
  return {
    source: { sqliteFile: storeFile },
    dir: logDir,
    historyDir: checkpointsDir,
    exportDir: settings.log.export === undefined ? undefined : resolve(home.dir, settings.log.export),
    origin: logOriginOf(settings),
    keyPem: logKeyPem,
    witnesses: settings.log.witnesses,
  };
}
