/** `causeway agency add`: a new partner in the sharing agreement. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { listOf, matching } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { agencyIdSchema, slugSchema } from '../../protocol/ids.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';

type Flags = GatewayFlags & {
  readonly name: string;
  readonly sector: string;
  readonly area: string[];
  readonly role: string[];
  readonly authority?: string;
};

export function registerAgencyAdd(agency: ProgramCommand, terminal: Terminal): void {
  agency
    .command('add')
    .summary('add an agency to the sharing agreement')
    .description(
      'Adds an agency to policies/agencies.yaml, keeping comments and order. Sectors, areas and roles must be\n' +
        'words that the file lists. A running gateway takes the change over by itself.',
    )
    .argument('<id>', 'short name, such as fife-social-work', matching(agencyIdSchema))
    .requiredOption('--name <name>', 'full name, for people')
    .requiredOption('--sector <sector>', 'such as social-work, police, health', matching(slugSchema))
    .requiredOption('--area <area...>', 'areas it works in', listOf(slugSchema))
    .requiredOption('--role <role...>', 'roles that its endpoints may hold', listOf(slugSchema))
    .option('--authority <name>', 'the public body that answers for it in law (default: its name)')
    .option(...dirOption)
    .examples([
      'causeway agency add lanarkshire-housing --name "Lanarkshire Housing" --sector social-work \\\n' +
        '      --area north-lanarkshire --role duty records',
      '',
    ])
    .action((id: string, flags: Flags) => add(id, flags, terminal));
}

async function add(id: string, flags: Flags, terminal: Terminal): Promise<void> {
  const { name, sector, area, role, authority = name } = flags;
  const dir = gatewayFolder(flags.dir, terminal.env);
  const { addAgency } = await import('../policy/add-agency.ts');
  await withGateway(dir, async ({ home, store }) => {
    await addAgency(home.policiesDir, { id, name, sector, authority, areas: area, roles: role });
    await store.requestPolicyReload({ kind: 'agency.added', agency: id });
  });
  if (terminal.wantsJson) {
    terminal.json({ type: 'agency', id, name, sector, authority, areas: area, roles: role });
    return;
  }
  terminal.print(`${terminal.paint.good('added')}  ${id}`);
  terminal.hint(`Next: causeway enrol-token ${id}/ENDPOINT --role ${role[0] ?? 'ROLE'} --dir ${dir}`);
}
