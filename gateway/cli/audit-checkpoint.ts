/** `causeway audit checkpoint`: the newest checkpoint of the log, and the key that verifies it. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';

type Flags = GatewayFlags & { readonly vkey?: true };

export function registerAuditCheckpoint(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('checkpoint')
    .summary('print the newest checkpoint')
    .description(
      'Prints the newest signed checkpoint of the audit log, up to everything that is recorded now. Whoever keeps it\n' +
        'can later prove that nothing under it was removed or changed. Exit code 2 (log-forked) when the store is not the one\n' +
        'that was published, as after an older copy was restored: then no checkpoint covers what is recorded now.',
    )
    .option(...dirOption)
    .option('--vkey', 'print the key that verifies it instead')
    .examples(
      ['causeway audit checkpoint > checkpoint-of-may', ''],
      ['causeway audit checkpoint --vkey > log.vkey', ''],
    )
    .action((flags: Flags) => printCheckpoint(flags, terminal));
}

async function printCheckpoint({ dir, vkey }: Flags, terminal: Terminal): Promise<void> {
  const { PublishedLog } = await import('./published-log.ts');
  await withGateway(gatewayFolder(dir, terminal.env), async ({ home, store }) => {
    const log = new PublishedLog(home, store);
    if (vkey === true && !terminal.wantsJson) {
      await terminal.deliver(log.vkey);
      return;
    }
    const { size, root, text } = await terminal.during('Bringing the published log up to date', () =>
      log.currentCheckpoint(store),
    );
    if (terminal.wantsJson) {
      const checkpoint = { size, root: root.toString('base64'), checkpoint: text, vkey: log.vkey.trimEnd() };
      terminal.json({ type: 'checkpoint', ...checkpoint });
      return;
    }
    await terminal.deliver(text);
  });
}
