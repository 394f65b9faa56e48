/** `causeway directory list`. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { DirectoryListing } from '../sdk/directory.ts';
import { homeFolder, homeOption, type HomeFlags } from './endpoint-home.ts';
import { spaceFingerprint } from './fingerprint.ts';
import { tellLastKnown } from './no-connection.ts';
import { withClient } from './open-client.ts';
import { tellUnreadDirectory } from './unread-directory.ts';

export function registerDirectoryList(directory: ProgramCommand, terminal: Terminal): void {
  directory
    .command('list', { isDefault: true })
    .summary('list endpoints, their keys, and which of them are trusted')
    .description(
      'Lists every endpoint of the gateway with its roles, the state of trust and the fingerprint of its key.\n' +
        'Compare fingerprints with the other side by telephone before you trust a key. Where there is no connection,\n' +
        'or the gateway has a newer directory that could not be read, the list is the one before: exit code 3, or 1\n' +
        'where a person has to act, as where the gateway is not the one that is trusted or has revoked this endpoint.',
    )
    .option(...homeOption)
    .action((flags: HomeFlags) =>
      withClient(homeFolder(flags, terminal), terminal, async ({ client, connection }) => {
        connection.assertDirectory();
        await client.directory.catchUp();
        // New entries may be under way into the log.
        if (connection.isConnected) await client.log.proveEntries();
        if (tellUnreadDirectory(client, terminal)) process.exitCode = exitCodes.temporary;
        tellLastKnown(connection, terminal);
        printDirectory(client.directory.list(), client.endpoint, terminal);
      }),
    );
}

/** Prints endpoints with their fingerprints. */
export function printDirectory(
  listings: readonly DirectoryListing[],
  self: string,
  terminal: Terminal,
): void {
  if (terminal.wantsJson) {
    for (const listing of listings)
      terminal.json({ type: 'endpoint', ...listing, self: listing.endpoint === self });
    return;
  }
  const { paint } = terminal;
  const marks: Record<DirectoryListing['trust'], string> = {
    trusted: paint.good('trusted'),
    unknown: paint.warn('unknown'),
    changed: paint.bad('changed'),
    revoked: paint.dim('revoked'),
  };
  for (const { endpoint, roles, trust, openpgpFingerprint, leaf } of listings) {
    const own = endpoint === self ? paint.dim('  (this endpoint)') : '';
    terminal.print(`${marks[trust]}  ${paint.strong(endpoint)}  ${roles.join(', ')}${own}`);
    const proof =
      leaf === undefined ? paint.warn('not found in the log yet') : paint.dim(`leaf ${leaf} of the log`);
    terminal.print(`         ${paint.dim(spaceFingerprint(openpgpFingerprint))}`);
    terminal.print(`         ${proof}`);
  }
  if (listings.some(({ trust, endpoint }) => trust === 'unknown' && endpoint !== self)) {
    terminal.hint(`Trust a key after comparing: ${terminal.command} directory trust AGENCY/ENDPOINT`);
  }
}
