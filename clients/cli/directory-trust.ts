/** `causeway directory trust`. */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { endpointAddress, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { printDirectory } from './directory-list.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { withClient } from './open-client.ts';

type Flags = HomeFlags & { readonly fingerprint?: string; readonly all?: true };

export function registerDirectoryTrust(directory: ProgramCommand, terminal: Terminal): void {
  directory
    .command('trust')
    .summary("trust an endpoint's present keys")
    .description(
      'Trusts the keys that the endpoint has now. Until then nothing is sent to it, and its notices are held.\n' +
        'With --fingerprint, only when the key is the one you were told. A key that changes later must be trusted\n' +
        'again; --all leaves changed keys alone.',
    )
    .argument('[agency/endpoint]', 'whose keys to trust', endpointAddress)
    .option('--fingerprint <hex>', 'the fingerprint that the other side read to you; spaces do not matter')
    .option('--all', 'trust every key that was never seen before')
    .option(...homeOption)
    .examples(
      ['causeway directory trust nhs-lanarkshire/child-protection --fingerprint "1a2b 3c4d …"', ''],
      ['causeway directory trust --all', 'for trials, or when the operator vouches for the directory'],
    )
    .action((endpoint: EndpointAddress | undefined, flags: Flags) => trust(endpoint, flags, terminal));
}

async function trust(endpoint: EndpointAddress | undefined, flags: Flags, terminal: Terminal): Promise<void> {
  const { all, fingerprint } = flags;
  if ((endpoint === undefined) === (all === undefined)) throw usageError('Name one endpoint, or give --all.');
  if (all === true && fingerprint !== undefined) throw usageError('--fingerprint belongs to one endpoint.');
  await withClient(homeFolder(flags, terminal), terminal, async ({ client, connection }) => {
    connection.assertConnected();
    const { directory } = client;
    // New entries may be under way into the log.
    await client.log.proveEntries();
    let trusted: readonly string[];
    if (endpoint === undefined) {
      trusted = await directory.trustAll();
    } else {
      await directory.trust(endpoint, fingerprint === undefined ? {} : { fingerprint });
      trusted = [endpoint];
    }
    printDirectory(
      directory.list().filter((listing) => trusted.includes(listing.endpoint)),
      client.endpoint,
      terminal,
    );
    if (trusted.length === 0) terminal.hint('There is no key that was never seen before.');
  });
}
