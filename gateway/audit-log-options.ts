/** What a gateway's home says of its audit log: for the thread that makes it, and for those who follow it. */
import { resolve } from 'node:path';
import type { LogThreadOptions } from './audit/log-thread.ts';
import { noteSigner } from '../protocol/proof/note-signer.ts';
import { formatVerifierKey } from '../protocol/proof/verifier-key.ts';
import type { GatewayHome } from './home/gateway-home.ts';
import { logOriginOf } from './home/gateway-settings.ts';

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

/** The key by which everybody checks the gateway's checkpoints, `origin+hash+key`. */
export function logVerifierKey({ settings, logKeyPem }: GatewayHome): string {
  return formatVerifierKey(noteSigner(logOriginOf(settings), logKeyPem).verifierKey);
}
