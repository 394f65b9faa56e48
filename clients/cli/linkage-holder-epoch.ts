/** `causeway linkage-holder epoch …`: rotation of a holder's key. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { wholeNumber } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { HolderFolder } from '../linkage-holder/holder-folder.ts';
import { authorHere } from './linkage-holder-client.ts';

type Flags = { readonly epoch: number };

const epochOption = ['--epoch <n>', 'number of the epoch', wholeNumber(0, 1_000_000)] as const;

export function registerLinkageHolderEpoch(holder: ProgramCommand, terminal: Terminal): void {
  const epoch = holder
    .command('epoch')
    .description(
      'The epochs of a holder’s key. During a rotation there are two, and clients send tokens of both. The holder is\n' +
        'stopped first and takes a change up when it starts again; each change is in its record.',
    );
  epoch
    .command('open <dir>')
    .summary('open a new epoch beside the one in use; prints the public keys')
    .description(
      'Opens a new epoch beside the one in use, and prints the public key of each for the settings of the clients. Do\n' +
        'so at both holders before any client uses it (docs/linkage.md).',
    )
    .requiredOption(...epochOption)
    .examples(['causeway linkage-holder epoch open ./holder-a --epoch 2', ''])
    .action(async (dir: string, flags: Flags) => {
      const { openHolderEpoch } = await import('../linkage-holder/change-folder.ts');
      await printEpochs(await openHolderEpoch(dir, flags.epoch, authorHere()), terminal);
    });
  epoch
    .command('retire <dir>')
    .summary('evaluate an old epoch no more')
    .description(
      'Evaluates an old epoch no more. Do so when every client sends the new one and the longest window of the\n' +
        'patterns has passed: notices from before then no longer meet new ones.',
    )
    .requiredOption(...epochOption)
    .action(async (dir: string, flags: Flags) => {
      const { retireHolderEpoch } = await import('../linkage-holder/change-folder.ts');
      await printEpochs(await retireHolderEpoch(dir, flags.epoch, authorHere()), terminal);
    });
  epoch
    .command('list <dir>')
    .summary('the epochs in use and their public keys')
    .description('Lists the epochs in use, the newest first, with the public key of each.')
    .action(async (dir: string) => {
      const { openHolderFolder } = await import('../linkage-holder/holder-folder.ts');
      await printEpochs(await openHolderFolder(dir), terminal);
    });
}

async function printEpochs(folder: HolderFolder, terminal: Terminal): Promise<void> {
  const { publicKeysOf } = await import('../linkage-holder/holder-folder.ts');
  const keys = publicKeysOf(folder);
  for (const epoch of folder.epochs) {
    const publicKey = keys[String(epoch)];
    if (terminal.wantsJson) terminal.json({ type: 'holder-epoch', epoch, publicKey });
    else terminal.print(`epoch ${epoch}  ${publicKey ?? ''}`);
  }
}
