/** `causeway gateway backup`: a copy of the store while the gateway runs. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { mebibyte } from '../admission/mebibyte.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import { isMongodbAddress } from '../store/store-address.ts';
import { dirOption, gatewayFolder, openHome, type GatewayFlags } from './gateway-folder.ts';
import { recordReading } from './record-reading.ts';

export function registerGatewayBackup(gateway: ProgramCommand, terminal: Terminal): void {
  gateway
    .command('backup')
    .summary('copy the store into a file, while the gateway runs')
    .description(
      'Copies the embedded store into one file, as it is at one moment, and has SQLite check the copy. Keys, settings\n' +
        'and policies are not in it: back up the rest of the folder beside it. An existing file is not overwritten.\n' +
        'That the copy is made is recorded first; where that fails, it is made all the same, and the failure is told.',
    )
    .argument('<file>', 'the copy')
    .option(...dirOption)
    .examples(['causeway gateway backup /backup/causeway-monday.db --dir gateway-home', ''])
    .action((file: string, flags: GatewayFlags) => backUp(resolve(file), flags, terminal));
}

async function backUp(file: string, { dir }: GatewayFlags, terminal: Terminal): Promise<void> {
  if (existsSync(file)) throw taken(file);
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
  const record = await recordCopy(home, file, terminal);
  const { bytes, leaves } = await terminal
    .during('Copying the store', () => backUpStore(home.store, file))
    .catch((error: unknown) => {
      // Somebody else may have made it meanwhile.
      throw isCausewayError(error, 'home-exists') ? taken(file) : error;
    });
  if (terminal.wantsJson) {
    terminal.json({ type: 'backup', file, bytes, leaves, ...record });
    return;
  }
  const size = `${Math.ceil(bytes / mebibyte)} MiB, ${leaves} leaves of the audit log`;
  terminal.print(`${terminal.paint.good('copied')}  ${file}   ${size}`);
  terminal.hint(
    'Back up the rest of the folder, keys included, beside it; how to restore: docs/operating.md',
  );
}

function taken(file: string): CausewayError {
  const detail = `${file} is there already.`;
  return new AdvisedError('home-exists', { detail, advice: 'Name a file that is not there yet.' });
}

/**
 * Records who makes which copy. A store that takes nothing more, or is of an older form, is where a copy is needed most: it
 * is made all the same.
 * @returns the index of the leaf, or null and why nothing could be written
 */
async function recordCopy(
  home: GatewayHome,
  file: string,
  terminal: Terminal,
): Promise<{ readonly leaf: number | null; readonly unrecorded?: string }> {
  try {
    const { openStore } = await import('../open-store.ts');
    const store = await openStore(home.store, home.storeKeys);
    try {
      return { leaf: await recordReading(store, 'audit.store-copied', { file }) };
    } finally {
      await store.close();
    }
  } catch (error) {
    const unrecorded = error instanceof Error ? error.message : 'for no known reason';
    terminal.hint(
      `The audit log does not say that this copy was made, for that cannot be written: ${showableLine(unrecorded)}`,
    );
    return { leaf: null, unrecorded };
  }
}
