/** `causeway endpoint list`: every endpoint that ever enrolled. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import { recordReading } from './record-reading.ts';

export function registerEndpointList(endpoint: ProgramCommand, terminal: Terminal): void {
  endpoint
    .command('list')
    .summary('list the endpoints of a gateway')
    .description(
      'Lists every endpoint that ever enrolled: its roles, its state, the fingerprint of its OpenPGP key.\n' +
        'The reading is recorded first.',
    )
    .option(...dirOption)
    .action(async (flags: GatewayFlags) => {
      const dir = gatewayFolder(flags.dir, terminal.env);
      const entries = await withGateway(dir, async ({ store }) => {
        await recordReading(store, 'audit.endpoints-listed', {});
        return (await store.readDirectory()).entries;
      });
      if (terminal.wantsJson) {
        for (const entry of entries) {
          const { endpoint: address, roles, status, enrolledAt, revokedAt, openpgpFingerprint } = entry;
          terminal.json({
            type: 'endpoint',
            endpoint: address,
            roles,
            status,
            enrolledAt,
            revokedAt,
            openpgpFingerprint,
          });
        }
        return;
      }
      const { paint } = terminal;
      if (entries.length === 0) {
        terminal.hint('No endpoint has enrolled yet. Next: causeway enrol-token AGENCY/ENDPOINT');
        return;
      }
      terminal.table([
        ['ENDPOINT', 'STATE', 'ENROLLED', 'ROLES', 'OPENPGP KEY'].map(paint.dim),
        ...entries.map((entry) => [
          paint.strong(entry.endpoint),
          entry.status === 'active' ? paint.good('active') : paint.bad('revoked'),
          entry.enrolledAt.slice(0, 10),
          entry.roles.join(', ') || '-',
          `${entry.openpgpFingerprint.slice(0, 16)}…`,
        ]),
      ]);
    });
}
