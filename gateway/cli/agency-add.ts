/** `causeway agency add`: a new partner in the sharing agreement. */
import { isDeepStrictEqual } from 'node:util';
import { shellWord } from '../../files/shell-word.ts';
import { isCausewayError, type CausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { listOf, matching, plainText } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { agencyIdSchema, slugSchema } from '../../protocol/ids.ts';
import { personHere } from './record-reading.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';

type Flags = GatewayFlags & {
  readonly name: string;
  readonly sector: string;
  readonly area: string[];
  readonly role: string[];
  readonly authority?: string;
};

const fullName = plainText(300);

export function registerAgencyAdd(agency: ProgramCommand, terminal: Terminal): void {
  agency
    .command('add')
    .summary('add an agency to the sharing agreement')
    .description(
      'Adds an agency to policies/agencies.yaml, keeping comments and order. Sectors, areas and roles must be\n' +
        'words that the file lists. A running gateway takes the change over by itself. A run that was cut off is\n' +
        'completed by the same command.',
    )
    .argument('<id>', 'short name, such as fife-social-work', matching(agencyIdSchema))
    .requiredOption('--name <name>', 'full name, for people', fullName)
    .requiredOption('--sector <sector>', 'such as social-work, police, health', matching(slugSchema))
    .requiredOption('--area <area...>', 'areas it works in', listOf(slugSchema))
    .requiredOption('--role <role...>', 'roles that its endpoints may hold', listOf(slugSchema))
    .option('--authority <name>', 'the public body that answers for it in law (default: its name)', fullName)
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
  const entry = { id, name, sector, authority, areas: area, roles: role };
  const dir = gatewayFolder(flags.dir, terminal.env);
  const { addAgency, changeAgenciesAlone } = await import('../policy/add-agency.ts');
  const { loadPolicySet } = await import('../policy/load.ts');
  const { newestAgreement } = await import('../newest-agreement.ts');
  const wasThere = await withGateway(dir, async ({ home, store }) =>
    changeAgenciesAlone(home.policiesDir, async () => {
      // The folder is sound before, so that whatever is wrong afterwards is wrong with the new agency.
      const { agencies, digest } = await loadPolicySet(home.policiesDir);
      const present = agencies.get(id);
      // A run that was cut off has left the agency in the file, and asked no gateway to load it.
      const isLeft = isDeepStrictEqual(present, entry) && (await newestAgreement(store)) !== digest;
      if (present !== undefined && !isLeft) throw alreadyThere(id);
      if (present === undefined) {
        await addAgency(home.policiesDir, entry).catch((error: unknown) => {
          throw isCausewayError(error, 'policy-invalid') && error.problems.length > 0
            ? wrongAgency(id, error)
            : error;
        });
      }
      const { digest: policy } = await loadPolicySet(home.policiesDir);
      await store.requestPolicyReload({ kind: 'agency.added', agency: id, policy, by: personHere() });
      return isLeft;
    }),
  );
  if (terminal.wantsJson) {
    terminal.json({ type: 'agency', ...entry, ...(wasThere ? { wasThere } : {}) });
    return;
  }
  terminal.print(`${terminal.paint.good('added')}  ${id}`);
  if (wasThere) terminal.hint('It was in the file already; the gateway is asked to load it now.');
  terminal.hint(
    `Next: ${terminal.command} enrol-token ${id}/ENDPOINT --role ${role[0] ?? 'ROLE'} --dir ${shellWord(dir)}`,
  );
}

function alreadyThere(id: string): CausewayError {
  return new AdvisedError('usage-invalid', {
    detail: `The agency ${id} is there already; nothing was changed.`,
    advice: `Edit policies/agencies.yaml to change it, then run \`causeway policy apply\`; or choose another short name.`,
  });
}

const flagOf: Readonly<Record<string, string>> = { areas: '--area', roles: '--role' };

/** The same faults, told of the options that were given: the file itself is as it was. */
function wrongAgency(id: string, error: CausewayError): CausewayError {
  const faults = error.problems.map(({ at, message }) => {
    const [, quoted, words = message] = /^`agencies\.[^.`]+(?:\.([a-z]+))?[^`]*` ([^]*)$/.exec(message) ?? [];
    const field = quoted ?? /^\/([a-z]+)/.exec(at)?.[1];
    const flag = field === undefined ? id : (flagOf[field] ?? `--${field}`);
    return `${flag}: ${words}.`;
  });
  return new AdvisedError('usage-invalid', {
    detail: `The agency ${id} was not added.\n${faults.join('\n')}`,
    advice:
      'Correct the options named; sectors, areas and roles are the words that policies/agencies.yaml lists.',
    cause: error,
  });
}
