/** `causeway endpoint list`: every endpoint that ever enrolled. */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import { withoutRowsPutBack } from '../identity/rows-put-back.ts';
import type { Store } from '../store/port.ts';
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
      const { entries, lockedOut, gone } = await withGateway(dir, ({ store }) => readEndpoints(store));
      tellGone(gone, terminal);
      const stateOf = ({ endpoint: address, status }: DirectoryEntry) =>
        lockedOut.has(address) ? 'locked-out' : status;
      if (terminal.wantsJson) {
        for (const entry of entries) {
          const { endpoint: address, roles, enrolledAt, revokedAt, openpgpFingerprint } = entry;
          terminal.json({
            type: 'endpoint',
            endpoint: address,
            roles,
            status: stateOf(entry),
            enrolledAt,
            revokedAt,
            openpgpFingerprint,
          });
        }
        return;
      }
      const { paint } = terminal;
      if (entries.length === 0) {
        if (gone.length === 0)
          terminal.hint(
            `No endpoint has enrolled yet. Next: ${terminal.command} enrol-token AGENCY/ENDPOINT`,
          );
        return;
      }
      terminal.table([
        ['ENDPOINT', 'STATE', 'ENROLLED', 'ROLES', 'OPENPGP KEY'].map(paint.dim),
        ...entries.map((entry) => [
          paint.strong(entry.endpoint),
          stateOf(entry) === 'active' ? paint.good('active') : paint.bad(stateOf(entry)),
          entry.enrolledAt.slice(0, 10),
          entry.roles.join(', ') || '-',
          `${entry.openpgpFingerprint.slice(0, 16)}…`,
        ]),
      ]);
      if (lockedOut.size > 0) {
        terminal.hint(
          'Locked out: somebody has put an older entry back into the store. Revoke the endpoint, or enrol it again.',
        );
      }
    });
}

async function readEndpoints(store: Store) {
  await recordReading(store, 'audit.endpoints-listed', {});
  const newest = await store.readNewestChanges();
  const snapshot = await store.readDirectory();
  const { putBack, gone } = withoutRowsPutBack(snapshot, newest);
  return { entries: snapshot.entries, lockedOut: new Set(putBack), gone };
}

function tellGone(gone: readonly EndpointAddress[], terminal: Terminal): void {
  if (gone.length === 0) return;
  terminal.hint(
    `Gone from the store, though enrolled: ${gone.join(', ')}. Somebody has deleted it: enrol it again.`,
  );
}
