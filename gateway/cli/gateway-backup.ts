/** `causeway gateway backup`: a copy of the store while the gateway runs. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { mebibyte } from '../admission/mebibyte.ts';
import { isMongodbAddress } from '../store/store-address.ts';
import { dirOption, gatewayFolder, openHome, type GatewayFlags } from './gateway-folder.ts';

export function registerGatewayBackup(gateway: ProgramCommand, terminal: Terminal): void {
  gateway
    .command('backup')
    .summary('copy the store into a file, while the gateway runs')
    .description(
      'Copies the embedded store into one file, as it is at one moment, and has SQLite check the copy. Keys, settings\n' +
        'and policies are not in it: back up the rest of the folder beside it. An existing file is not overwritten.',
    )
    .argument('<file>', 'the copy')
    .option(...dirOption)
    .examples(['causeway gateway backup /backup/causeway-monday.db --dir gateway-home', ''])
    .action((file: string, flags: GatewayFlags) => backUp(resolve(file), flags, terminal));
}

async function backUp(file: string, { dir }: GatewayFlags, terminal: Terminal): Promise<void> {
  if (existsSync(file)) {
    const detail = `${file} is there already.`;
    throw new AdvisedError('home-exists', { detail, advice: 'Name a file that is not there yet.' });
  }
  const home = await openHome(gatewayFolder(dir, terminal.env));
  if (isMongodbAddress(home.store)) {
    const detail = 'The store is a database of MongoDB: back it up with the tools of its members.';
    throw new CausewayError('configuration-invalid', { detail });
  }
  const [{ isStoreFileMissing, refuseMissingStore }, { backUpStore }] = await Promise.all([
    import('../lost-store.ts'),
    import('../store/sqlite/back-up.ts'),
  ]);
  await refuseMissingStore(home);
  if (isStoreFileMissing(home.store)) {
    throw new CausewayError('store-missing', { detail: 'It is made at the first start of the gateway.' });
  }
  const { bytes, leaves } = await terminal.during('Copying the store', () => backUpStore(home.store, file));
  if (terminal.wantsJson) {
    terminal.json({ type: 'backup', file, bytes, leaves });
    return;
  }
  const size = `${Math.ceil(bytes / mebibyte)} MiB, ${leaves} leaves of the audit log`;
  terminal.print(`${terminal.paint.good('copied')}  ${file}   ${size}`);
  terminal.hint(
    'Back up the rest of the folder, keys included, beside it; how to restore: docs/operating.md',
  );
}
