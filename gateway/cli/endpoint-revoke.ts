/** `causeway endpoint revoke`: an endpoint's keys stop counting. */
import { Option } from 'commander';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { agencyOf, type EndpointAddress } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { endpointAddress, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { gatewayAgency } from '../policy/cedar-vocabulary.ts';
import { revocationReasons, type RevocationReason } from '../identity/revocation.ts';
import { personHere } from './record-reading.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';

type Flags = GatewayFlags & { readonly reason: RevocationReason };

export function registerEndpointRevoke(endpoint: ProgramCommand, terminal: Terminal): void {
  endpoint
    .command('revoke')
    .summary('revoke an endpoint; its live sessions end within 5 s')
    .description(
      'Takes the endpoint out of service: a running gateway closes its sessions within 5 s, its certificate is\n' +
        'refused, and nobody encrypts to its keys any more. A token for it that was not used yet is no longer good,\n' +
        'also where the endpoint is revoked already or has never enrolled. The reason goes into the record, so it\n' +
        'is a code. The endpoint can come back only by a new enrolment with new keys.',
    )
    .argument('<agency/endpoint>', 'such as nhs-lanarkshire/maternity', endpointAddress)
    .addOption(new Option('--reason <code>', 'why').choices(revocationReasons).makeOptionMandatory())
    .option(...dirOption)
    .examples(['causeway endpoint revoke nhs-lanarkshire/maternity --reason device-lost', ''])
    .action((address: EndpointAddress, flags: Flags) => revoke(address, flags, terminal));
}

async function revoke(address: EndpointAddress, flags: Flags, terminal: Terminal): Promise<void> {
  if (agencyOf(address) === gatewayAgency)
    throw usageError(
      `${address} is the gateway's own: revoked, it would go on sending alerts that nobody can read. Nothing was changed.`,
    );
  const { revokeEndpoint } = await import('../identity/revocation.ts');
  const entry = await withGateway(gatewayFolder(flags.dir, terminal.env), ({ store }) =>
    revokeEndpoint(store, address, flags.reason, Date.now(), personHere()).catch(sayWhatIsWithdrawn),
  );
  const { revokedAt } = entry;
  if (terminal.wantsJson) {
    terminal.json({ type: 'revoked', endpoint: address, reason: flags.reason, revokedAt });
    return;
  }
  terminal.print(`${terminal.paint.good('revoked')}  ${address}  since ${revokedAt ?? 'now'}`);
  terminal.hint('A running gateway ends its sessions within 5 seconds.');
}

/** Whoever meant the token has reached what he wanted; whoever has misspelt the endpoint must hear of it. */
function sayWhatIsWithdrawn(error: unknown): never {
  if (!isCausewayError(error, 'endpoint-unknown')) throw error;
  const detail = `${error.detail} A token for it, if there was one, is no longer good.`;
  throw new CausewayError('endpoint-unknown', { detail, cause: error });
}
