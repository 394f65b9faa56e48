/** `causeway audit erase`: destroys what opens the bodies of a case, and prints a certificate of it. */
import { join } from 'node:path';
import { caseIdOf } from '../audit/case-id.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import { personHere } from './record-reading.ts';

type Flags = GatewayFlags & { readonly authority: string; readonly out?: string };

export function registerAuditErase(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('erase')
    .summary('erase a case and print the certificate')
    .description(
      'Destroys the key and the salts of a case, the ciphertexts of its messages and what the store knows of their\n' +
        'matter. The leaves of the log stay, say nothing any more, and every other proof still verifies. Who ordered\n' +
        'it is recorded. It cannot be undone, except from a backup that is older: erase it there as well. Asked for\n' +
        'once more, it prints the certificate of then.',
    )
    .argument('<case>', 'the case: the `thread` of its messages')
    .requiredOption(
      '--authority <words>',
      'who ordered it and on what ground; it is recorded, so name no child',
    )
    .option('-o, --out <file>', 'write the certificate into a file as well')
    .option(...dirOption)
    .examples(['causeway audit erase 01a20f32-… --authority "Records Manager, schedule 4.2, 2026-11-24"', ''])
    .action((given: string, flags: Flags) => erase(given, flags, terminal));
}

async function erase(given: string, { authority, out, dir }: Flags, terminal: Terminal): Promise<void> {
  const id = caseIdOf(given);
  const [{ PublishedLog }, { eraseCase, formatCertificate }, { indexFileName, SearchIndex }, { writeFile }] =
    await Promise.all([
      import('./published-log.ts'),
      import('../audit/erase-case.ts'),
      import('../audit/search-index.ts'),
      import('node:fs/promises'),
    ]);
  await withGateway(gatewayFolder(dir, terminal.env), async ({ home, store }) => {
    const log = new PublishedLog(home, store);
    const certificate = await eraseCase(store, log, { case: id, authority, by: personHere() }).finally(
      async () => {
        // Otherwise the index would know until the next search what the case said.
        const index = SearchIndex.open(join(home.dir, indexFileName), store);
        await index.catchUp().finally(() => index.close());
      },
    );
    const text = formatCertificate(certificate);
    if (out !== undefined) await writeFile(out, text, { mode: 0o600 });
    if (terminal.wantsJson) terminal.json({ type: 'erasure', ...certificate });
    else await terminal.deliver(text);
  });
}
