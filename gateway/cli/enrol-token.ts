/** `causeway enrol-token`: one-time permission for one endpoint to enrol. */
import { InvalidArgumentError, Option } from 'commander';
import { agencyOf, slugSchema, type EndpointAddress } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import { durationMs, endpointAddress, listOf } from '../../terminal/input.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { sections } from '../../terminal/command-help.ts';
import { maxTokenLifetimeMs } from '../identity/token-lifetime.ts';
import { gatewayAgency } from '../policy/cedar-vocabulary.ts';
import { personHere } from './record-reading.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';

type Flags = GatewayFlags & { readonly role?: string[]; readonly ttl: number };

const defaultTtl = '24h';

export function registerEnrolToken(program: ProgramCommand, terminal: Terminal): void {
  program
    .command('enrol-token')
    .helpGroup(sections.operate)
    .summary('issue a one-time token for an endpoint')
    .description(
      'Prints a token with which one endpoint may enrol, once. It carries the fingerprint of the issuing CA, so\n' +
        'that the first contact cannot be impersonated: hand it over on a route that you trust. The gateway keeps\n' +
        'only its digest. A new token for the same endpoint withdraws the one before.',
    )
    .argument('<agency/endpoint>', 'such as nhs-lanarkshire/emergency-department', endpointAddress)
    .option('--role <role...>', 'roles the endpoint will hold; its agency must have them', listOf(slugSchema))
    .addOption(
      new Option('--ttl <span>', 'how long it is good for: 45m, 24h, 7d; at most 30d')
        .argParser(tokenLifetimeMs)
        .default(durationMs(defaultTtl), defaultTtl),
    )
    .option(...dirOption)
    .examples(
      ['causeway enrol-token strathclyde-police/public-protection --role public-protection mash', ''],
      [
        'causeway enrol-token nhs-lanarkshire/maternity --role maternity > token.txt',
        'only the token goes to stdout',
      ],
    )
    .action((endpoint: EndpointAddress, flags: Flags) => issue(endpoint, flags, terminal));
}

/** The span of `--ttl`, in ms. */
function tokenLifetimeMs(text: string): number {
  const span = durationMs(text);
  if (span <= maxTokenLifetimeMs) return span;
  throw new InvalidArgumentError(`It must be at most ${maxTokenLifetimeMs / 86_400_000} days.`);
}

/** The agency of the gateway's own endpoints can be added to no agreement. */
function refuseOwn(endpoint: EndpointAddress): void {
  if (agencyOf(endpoint) !== gatewayAgency) return;
  throw new AdvisedError('usage-invalid', {
    detail: `${endpoint}: the name ${gatewayAgency} is reserved for the gateway itself, which needs no token.`,
    advice: 'Name an endpoint of one of the agencies that `causeway agency list` shows.',
  });
}

/** Says before a token is asked for which roles there are; of an unknown agency the gateway's own rule says more. */
function checkRoles(
  endpoint: EndpointAddress,
  roles: readonly string[],
  allowed: readonly string[] | undefined,
): void {
  const strange = allowed === undefined ? [] : roles.filter((role) => !allowed.includes(role));
  if (allowed === undefined || strange.length === 0) return;
  const agency = agencyOf(endpoint);
  throw new AdvisedError('usage-invalid', {
    detail: `--role ${strange.join(' ')}: the sharing agreement gives ${agency} no such role. Its roles are ${allowed.join(', ')}.`,
    advice: `Use one of these, or add the role to ${agency} in policies/agencies.yaml and run \`causeway policy apply\`.`,
  });
}

async function issue(endpoint: EndpointAddress, flags: Flags, terminal: Terminal): Promise<void> {
  refuseOwn(endpoint);
  const dir = gatewayFolder(flags.dir, terminal.env);
  const [{ issueEnrolmentToken }, { loadPolicySet }] = await Promise.all([
    import('../identity/enrolment-token.ts'),
    import('../policy/load.ts'),
  ]);
  const { issued, origin, known } = await withGateway(dir, async ({ home, store }) => {
    const { agencies } = await loadPolicySet(home.policiesDir);
    const known = agencies.get(agencyOf(endpoint))?.roles;
    checkRoles(endpoint, flags.role ?? [], known);
    const { hosts, port } = home.settings;
    return {
      known,
      origin: `https://${hosts[0] ?? 'localhost'}:${port === 0 ? 'PORT' : port}`,
      issued: await issueEnrolmentToken(
        { endpoint, roles: flags.role ?? [], lifetimeMs: flags.ttl, by: personHere() },
        {
          store,
          agencies: { rolesOf: (agency) => agencies.get(agency)?.roles },
          authorityFingerprint: home.authority.fingerprint,
          auditKey: home.storeKeys.auditKey,
          now: Date.now,
        },
      ),
    };
  });
  const expires = new Date(issued.expiresAt).toISOString();
  if (terminal.wantsJson) {
    terminal.json({ type: 'token', token: issued.token, endpoint, roles: issued.roles, expires });
    return;
  }
  terminal.print(issued.token);
  const roles = issued.roles.length === 0 ? 'no role' : issued.roles.join(', ');
  terminal.hint(`For ${endpoint} (${roles}), good once, until ${timeText(issued.expiresAt)}.`);
  if (issued.roles.length === 0 && known !== undefined && known.length > 0)
    terminal.hint(
      `Most notices need a role. ${agencyOf(endpoint)} has ${known.join(', ')}: issue it again with --role.`,
    );
  terminal.hint(`There: ${terminal.command} enrol --gateway ${origin} --token TOKEN --home DIR`);
}
