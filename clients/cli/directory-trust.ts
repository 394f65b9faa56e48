/** `causeway directory trust`. */
import { InvalidArgumentError } from 'commander';
import { isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { endpointAddress, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { ClientDirectory } from '../sdk/directory.ts';
import { typedFingerprint } from '../sdk/typed-fingerprint.ts';
import { printDirectory } from './directory-list.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { withClient } from './open-client.ts';
import { tellUnreadDirectory } from './unread-directory.ts';

type Flags = HomeFlags & { readonly fingerprint?: string; readonly all?: true };

export function registerDirectoryTrust(directory: ProgramCommand, terminal: Terminal): void {
  directory
    .command('trust')
    .summary("trust an endpoint's present keys")
    .description(
      'Trusts the keys that the endpoint has now. Until then nothing is sent to it, and its notices are held.\n' +
        'With --fingerprint, only when the key is the one you were told. A key that changes later must be trusted\n' +
        'again; --all leaves changed keys alone. Exit code 3 where the gateway has a newer directory that could not be\n' +
        'read: what was trusted is from the one before.',
    )
    .argument('[agency/endpoint]', 'whose keys to trust', endpointAddress)
    .option(
      '--fingerprint <hex>',
      'the fingerprint that the other side read to you; spaces do not matter',
      fingerprint,
    )
    .option('--all', 'trust every key that was never seen before')
    .option(...homeOption)
    .examples(
      ['causeway directory trust nhs-lanarkshire/child-protection --fingerprint "1a2b 3c4d …"', ''],
      ['causeway directory trust --all', 'for trials, or when the operator vouches for the directory'],
    )
    .action((endpoint: EndpointAddress | undefined, flags: Flags) => trust(endpoint, flags, terminal));
}

function fingerprint(text: string): string {
  try {
    return typedFingerprint(text);
  } catch (error) {
    throw isCausewayError(error, 'request-malformed') ? new InvalidArgumentError(error.detail ?? '') : error;
  }
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
    try {
      trusted = await trustKeys(directory, endpoint, fingerprint);
    } finally {
      // It may be why an endpoint is not known.
      if (tellUnreadDirectory(client, terminal)) process.exitCode = exitCodes.temporary;
    }
    printDirectory(
      directory.list().filter((listing) => trusted.includes(listing.endpoint)),
      client.endpoint,
      terminal,
    );
    if (trusted.length === 0) terminal.hint('There is no key that was never seen before.');
  });
}

/** @returns whose keys are trusted now */
async function trustKeys(
  directory: ClientDirectory,
  endpoint: EndpointAddress | undefined,
  fingerprint: string | undefined,
): Promise<readonly string[]> {
  if (endpoint === undefined) return directory.trustAll();
  await directory.trust(endpoint, fingerprint === undefined ? {} : { fingerprint });
  return [endpoint];
}
