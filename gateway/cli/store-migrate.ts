/** `causeway store migrate`: moves the store of a gateway from its file to MongoDB. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, gatewayFolder, openHome, type GatewayFlags } from './gateway-folder.ts';
import { personHere } from './record-reading.ts';

type Flags = GatewayFlags & { readonly from: string; readonly to?: string };

export function registerStoreMigrate(store: ProgramCommand, terminal: Terminal): void {
  store
    .command('migrate')
    .summary('move a store from its file to MongoDB')
    .description(
      'Moves everything: endpoints, directory, messages, deliveries, receipts, permits, the secrets of cases, and the\n' +
        'audit log leaf by leaf. Then it compares every document with the file, and the root of the log on both\n' +
        'sides; the log goes on with a leaf that names you, sealed with the audit key of the folder. Stop the\n' +
        'gateway first. The file is only read; the database must be empty. When it was cut off, the same command\n' +
        'goes on where it was.',
    )
    .requiredOption('--from <address>', 'sqlite:<file>')
    .option(
      '--to <address>',
      'mongodb://…; a password is better kept in gateway.yaml, whose `store` is the default',
    )
    .option(...dirOption)
    .examples(
      [
        'causeway store migrate --from sqlite:gateway-home/causeway.db --to mongodb://db1.example,db2.example/causeway',
        '',
      ],
      [
        'causeway store migrate --from sqlite:gateway-home/causeway.db --dir gateway-home',
        'to where gateway.yaml says since just now',
      ],
    )
    .action((flags: Flags) => migrate(flags, terminal));
}

/** What is moved, for people; `--json` has the names of the collections. */
const inWords: Readonly<Partial<Record<string, string>>> = {
  caseSecret: 'secrets of cases',
  message: 'messages',
  acceptance: 'what the correlator reads',
  delivery: 'deliveries',
  stream: 'streams of receipts',
  receiptGroup: 'receipts of the gateway',
  settledGroup: 'receipts of recipients',
  permit: 'enrolment tokens',
  entry: 'endpoints',
  directoryChange: 'changes of the directory',
  mark: 'marks',
  block: 'blocks of the audit log',
  caseErasure: 'erasures',
};

async function migrate({ from, to, dir }: Flags, terminal: Terminal): Promise<void> {
  const { migrateStore } = await import('../store/open-migration.ts');
  const { store, storeKeys } = await openHome(gatewayFolder(dir, terminal.env));
  const progress = terminal.progress('reading the audit log');
  const result = await migrateStore({
    from,
    to: to ?? store,
    auditKey: storeKeys.auditKey,
    by: personHere(),
    observe: (step, collection, count) => {
      progress.update(
        `${step === 'move' ? 'moving' : 'comparing'} ${inWords[collection] ?? collection}: ${count}`,
      );
      if (terminal.wantsJson) terminal.json({ type: 'progress', step, collection, count });
    },
  }).finally(() => progress.end());
  const { outcome, head } = result;
  const root = head.root.toString('base64');
  if (terminal.wantsJson) {
    terminal.json({ type: 'migrated', outcome, leaves: head.leaves, root });
    return;
  }
  const { paint } = terminal;
  terminal.print(
    outcome === 'before'
      ? `${paint.good('moved before')}  the audit logs agree up to the ${head.leaves} leaves of the file`
      : `${paint.good('moved')}  the audit logs of both sides agree: ${head.leaves} leaves`,
  );
  terminal.print(`root   ${root}`);
  terminal.hint(
    'Name the database as `store` in every gateway.yaml, and start no gateway on the file again.',
  );
}
