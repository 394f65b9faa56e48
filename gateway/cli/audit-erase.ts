/** `causeway audit erase`: destroys what opens the bodies of a case, and prints a certificate of it. */
import { join } from 'node:path';
import { caseIdOf } from '../audit/case-id.ts';
import type { ErasureOrder } from '../audit/erase-case.ts';
import type { ErasureCertificate } from '../../protocol/audit/erasure-certificate.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import { plainText } from '../../terminal/input.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import {
  dirOption,
  gatewayFolder,
  withGateway,
  type GatewayFlags,
  type OpenGateway,
} from './gateway-folder.ts';
import { personHere } from './record-reading.ts';

type Flags = GatewayFlags & { readonly authority: string; readonly out?: string };

const maxAuthorityLength = 500;

export function registerAuditErase(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('erase')
    .summary('erase a case and print the certificate')
    .description(
      'Destroys the key and the salts of a case, the ciphertexts of its messages and what the store knows of their\n' +
        'matter. The leaves of the log stay, say nothing any more, and every other proof still verifies. Who ordered\n' +
        'it is recorded. It cannot be undone, except from a backup that is older: erase it there as well. Of a case\n' +
        'that was erased before, it prints the certificate once more.',
    )
    .argument('<case>', 'the case: the `thread` of its messages')
    .requiredOption(
      '--authority <words>',
      'who ordered it and on what ground; it is recorded, so name no child',
      plainText(maxAuthorityLength),
    )
    .option('-o, --out <file>', 'write the certificate into a file as well')
    .option(...dirOption)
    .examples(['causeway audit erase 01a20f32-… --authority "Records Manager, schedule 4.2, 2026-11-24"', ''])
    .action((given: string, flags: Flags) => erase(given, flags, terminal));
}

async function erase(given: string, { authority, out, dir }: Flags, terminal: Terminal): Promise<void> {
  const id = caseIdOf(given);
  const { formatErasureCertificate } = await import('../../protocol/audit/erasure-certificate.ts');
  await withGateway(gatewayFolder(dir, terminal.env), async (gateway) => {
    const certificates: ErasureCertificate[] = [];
    const work = async (): Promise<string> => {
      const certificate = await carryOut({ case: id, authority, by: personHere() }, gateway, terminal);
      certificates.push(certificate);
      return formatErasureCertificate(certificate);
    };
    // What cannot be written is known before anything is destroyed.
    if (out === undefined) await work();
    else await (await import('../../terminal/output-file.ts')).writeResult(out, work);
    for (const certificate of certificates) {
      if (terminal.wantsJson) terminal.json({ type: 'erasure', ...certificate });
      else await terminal.deliver(formatErasureCertificate(certificate));
    }
  });
}

async function carryOut(
  order: ErasureOrder,
  { home, store }: OpenGateway,
  terminal: Terminal,
): Promise<ErasureCertificate> {
  const [{ PublishedLog }, { eraseCase, certifyErasure }, { indexFileName, SearchIndex }] = await Promise.all(
    [import('./published-log.ts'), import('../audit/erase-case.ts'), import('../audit/search-index.ts')],
  );
  const log = new PublishedLog(home, store);
  const index = SearchIndex.open(join(home.dir, indexFileName), store);
  try {
    const certificate = await eraseCase(store, log, order);
    // Otherwise the index would know until the next search what the case said.
    await index.catchUp();
    return certificate;
  } catch (error) {
    if (!isCausewayError(error, 'case-unknown')) throw error;
    await index.catchUp();
    const { hits } = await index.search({ case: [order.case], kind: ['case.erased'] }, 1);
    const [before] = hits;
    if (before === undefined) throw error;
    terminal.hint(
      'This case was erased before; nothing was done now. This is the certificate of that erasure.',
    );
    return await certifyErasure(store, log, order.case, before.index);
  } finally {
    index.close();
  }
}
