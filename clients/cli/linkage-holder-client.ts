/** `causeway linkage-holder client …`: who may ask a holder. */
import { userInfo } from 'node:os';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { ClientInvitation, HolderFolder } from '../linkage-holder/holder-folder.ts';

export function registerLinkageHolderClient(holder: ProgramCommand, terminal: Terminal): void {
  const client = holder
    .command('client')
    .description(
      'Who may ask a holder. The holder is stopped first and takes a change up when it starts again; each change is\n' +
        'in its record, with who made it.',
    );
  client
    .command('add <dir> <name>')
    .summary('let one more client ask; prints its token, once')
    .description(
      'Lets one more client ask, and prints its token and the public keys that it needs. The token is not kept here.',
    )
    .examples(['causeway linkage-holder client add ./holder-a police-scotland/hub', ''])
    .action(async (dir: string, name: string) => {
      const { addHolderClient } = await import('../linkage-holder/change-folder.ts');
      printInvitations([await addHolderClient(dir, name, authorHere())], terminal);
    });
  client
    .command('remove <dir> <name>')
    .summary('let a client ask no more, as when its token is lost')
    .description('Lets a client ask no more. Added again under the same name, it gets another token.')
    .action(async (dir: string, name: string) => {
      const { removeHolderClient } = await import('../linkage-holder/change-folder.ts');
      printClients(await removeHolderClient(dir, name, authorHere()), terminal);
    });
  client
    .command('list <dir>')
    .summary('who may ask')
    .description('Lists the clients of a holder by name.')
    .action(async (dir: string) => {
      const { openHolderFolder } = await import('../linkage-holder/holder-folder.ts');
      printClients(await openHolderFolder(dir), terminal);
    });
}

/** The person at this terminal, as the operating system names them, now. */
export function authorHere(): { by: string; now: number } {
  return { by: userInfo().username, now: Date.now() };
}

/** Prints what each client is to be told. */
export function printInvitations(invitations: readonly ClientInvitation[], terminal: Terminal): void {
  for (const { name, token, publicKeys } of invitations) {
    if (terminal.wantsJson) terminal.json({ type: 'linkage-client', name, token, publicKeys });
    else terminal.print(`${terminal.paint.strong(name)}  ${JSON.stringify({ token, publicKeys })}`);
  }
  terminal.hint('Hand each client its line by a safe way; the tokens are not kept here.');
}

function printClients({ clients }: HolderFolder, terminal: Terminal): void {
  for (const { name } of clients) {
    if (terminal.wantsJson) terminal.json({ type: 'holder-client', name });
    else terminal.print(name);
  }
}
