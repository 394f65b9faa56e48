/** What `gateway check` says of `gateway.yaml`. */
import type { GatewayHome } from '../home/gateway-home.ts';
import { settingsDigest } from '../home/settings-digest.ts';
import { good, type Finding } from './check-finding.ts';

/** As `gateway.started` tells it, so that the file can be held against a start. */
export function checkSettings({ settings }: GatewayHome): Finding {
  return good('settings', `their digest is ${settingsDigest(settings)}`);
}
