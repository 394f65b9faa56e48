/** `causeway agency list`: who takes part in the sharing agreement. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, gatewayFolder, openHome, type GatewayFlags } from './gateway-folder.ts';

export function registerAgencyList(agency: ProgramCommand, terminal: Terminal): void {
  agency
    .command('list')
    .summary('list the agencies of the sharing agreement')
    .description(
      'Lists the agencies of the sharing agreement: sector, areas, and roles their endpoints may hold.\n' +
        'It reads the policies alone, and nothing that the gateway has recorded.',
    )
    .option(...dirOption)
    .action(async (flags: GatewayFlags) => {
      const home = await openHome(gatewayFolder(flags.dir, terminal.env));
      const { loadPolicySet } = await import('../policy/load.ts');
      const { agencies } = await loadPolicySet(home.policiesDir);
      if (terminal.wantsJson) {
        for (const entry of agencies.values()) terminal.json({ type: 'agency', ...entry });
        return;
      }
      const { paint } = terminal;
      terminal.table([
        ['AGENCY', 'NAME', 'SECTOR', 'ROLES'].map(paint.dim),
        ...[...agencies.values()].map(({ id, name, sector, roles }) => [
          paint.strong(id),
          name,
          sector,
          roles.join(', '),
        ]),
      ]);
    });
}
