/** `causeway audit erase`: destroys what opens the bodies of a case, and prints a certificate of it. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Option } from 'commander';
import { caseIdOf } from '../audit/case-id.ts';
import type { ErasureOrder } from '../audit/erase-case.ts';
import type { ErasureCertificate } from '../../protocol/audit/erasure-certificate.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
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
import type { ErasureResidue, UnderWay } from '../store/port.ts';
import type { AlertChoice, ErasureChoices } from './erase-alerts.ts';
import { personHere, recordReading } from './record-reading.ts';

type Flags = GatewayFlags & {
  readonly authority: string;
  readonly alerts?: AlertChoice;
  readonly underWay: UnderWay;
  readonly out?: string;
};

const maxAuthorityLength = 500;
/** How long the command waits for those that read the store as it was before. */
const residuePatienceMs = 5_000;
const residuePollMs = 250;

export function registerAuditErase(audit: ProgramCommand, terminal: Terminal): void {
  audit
    .command('erase')
    .summary('erase a case and print the certificate')
    .description(
      'Destroys the key and the salts of a case, the ciphertexts of its messages and what the store knows of their\n' +
        'matter. The leaves of the log stay, say nothing any more, and every other proof still verifies. Who ordered\n' +
        'it is recorded. It cannot be undone, except from a backup that is older: erase it there as well. Of a case\n' +
        'that was erased before, it prints the certificate once more. Alerts that name messages of the case tell of it\n' +
        'as well: say with --alerts whether they are erased by the same order. The certificate names what is left. That\n' +
        'you asked is recorded first.',
    )
    .argument('<case>', 'the case: the `thread` of its messages')
    .requiredOption(
      '--authority <words>',
      'who ordered it and on what ground; it is recorded, so name no child',
      plainText(maxAuthorityLength),
    )
    .addOption(
      new Option(
        '--alerts <what>',
        'what becomes of alerts that name messages of the case; needed where there are some',
      ).choices(['erase', 'keep'] satisfies readonly AlertChoice[]),
    )
    .addOption(
      new Option(
        '--under-way <what>',
        'what becomes of messages of the case that have not arrived yet: wait for them, or end them now as expired',
      )
        .choices(['wait', 'end'] satisfies readonly UnderWay[])
        .default('wait' satisfies UnderWay),
    )
    .option(
      '-o, --out <file>',
      'write the certificate into a new file as well; an existing one is left alone',
    )
    .option(...dirOption)
    .examples(['causeway audit erase 01a20f32-… --authority "Records Manager, schedule 4.2, 2026-11-24"', ''])
    .action((given: string, flags: Flags) => erase(given, flags, terminal));
}

async function erase(
  given: string,
  { authority, alerts, underWay, out, dir }: Flags,
  terminal: Terminal,
): Promise<void> {
  const id = caseIdOf(given);
  const { formatErasureCertificate } = await import('../../protocol/audit/erasure-certificate.ts');
  await withGateway(gatewayFolder(dir, terminal.env), async (gateway) => {
    const certificates: ErasureCertificate[] = [];
    const work = async (): Promise<string> => {
      // Whoever only asks is told of alerts and of earlier orders, too.
      await recordReading(gateway.store, 'audit.erasure', { case: id });
      const order = { case: id, authority, by: personHere() };
      const certificate = await carryOut(order, { alerts, underWay }, gateway, terminal);
      certificates.push(certificate);
      return formatErasureCertificate(certificate);
    };
    let unwritten: unknown;
    try {
      // What cannot be written is known before anything is destroyed, but for want of space.
      if (out === undefined) await work();
      else await (await import('../../terminal/output-file.ts')).writeResult(out, work);
    } catch (error) {
      if (certificates.length === 0) throw error;
      unwritten = error;
    }
    const residue = await awaitResidue(gateway.store);
    if (residue !== undefined) terminal.hint(residueWords[residue]);
    for (const certificate of certificates) {
      if (terminal.wantsJson) terminal.json({ type: 'erasure', ...certificate, residue: residue ?? null });
      else await terminal.deliver(formatErasureCertificate(certificate));
      if (unwritten !== undefined) throw erasedAllTheSame(certificate, unwritten);
    }
  });
}

/** Whoever only heard that a file cannot be written would take the case for not erased. */
function erasedAllTheSame({ leaf }: ErasureCertificate, cause: unknown): unknown {
  if (!isCausewayError(cause, 'file-unavailable')) return cause;
  return new AdvisedError('file-unavailable', {
    detail: `The case WAS erased, as leaf ${leaf} says, and the certificate is printed on stdout. ${cause.detail ?? ''}`,
    advice: 'The same command prints the certificate again, and writes it to a file that there is room for.',
    fields: { erased: true, leaf },
    cause,
  });
}

async function carryOut(
  order: ErasureOrder,
  choices: ErasureChoices,
  { home, store }: OpenGateway,
  terminal: Terminal,
): Promise<ErasureCertificate> {
  const [{ PublishedLog }, { eraseCase, certifyErasure }, { indexFileName, SearchIndex }, settling] =
    await Promise.all([
      import('./published-log.ts'),
      import('../audit/erase-case.ts'),
      import('../audit/search-index.ts'),
      import('./erase-alerts.ts'),
    ]);
  const log = new PublishedLog(home, store);
  const index = SearchIndex.open(join(home.dir, indexFileName), store);
  try {
    const { alerts, erasedNow } = await settling.settleAlerts(order, choices, { store, index });
    const erasure = eraseCase(store, log, { ...order, alerts }, choices.underWay);
    const certificate = await erasure.catch(async (error: unknown) => {
      if (!isCausewayError(error, 'case-unknown')) throw error;
      const { hits } = await index.search({ case: [order.case], kind: ['case.erased'] }, 1);
      const [before] = hits;
      if (before === undefined) throw error;
      terminal.hint(
        erasedNow.length === 0
          ? 'This case was erased before; nothing was done now. This is the certificate of that erasure.'
          : `This case was erased before; now ${erasedNow.join(', ')} went, too. This is the certificate of that erasure.`,
      );
      return certifyErasure(store, log, order.case, before.index);
    });
    // Looks at everything that is new, so that the index does not know until the next search what the case said.
    const found = await settling.alertsAbout(order.case, { store, index });
    const said = new Set(certificate.alerts?.remaining.map(({ leaf }) => leaf));
    const unsaid = found.filter(({ leaf }) => !said.has(leaf)).map((alert) => alert.case);
    if (unsaid.length > 0)
      terminal.hint(
        `Alerts that the certificate does not know of name messages of the case: ${unsaid.join(', ')}. Run this again with --alerts erase.`,
      );
    return certificate;
  } finally {
    index.close();
  }
}

const residueWords: Readonly<Record<ErasureResidue, string>> = {
  'write-ahead-log':
    'Somebody still reads the store as it was, such as a backup: until that ends, bytes of what was erased may stand ' +
    'in the write-ahead log of SQLite (causeway.db-wal). Run this again afterwards to see that they are gone.',
  oplog:
    'MongoDB keeps bytes of what was erased in its oplog and its journal until these have gone round; ' +
    'docs/operating.md says how long that is.',
};

/** Waits a while for readers to end. */
async function awaitResidue(store: OpenGateway['store']): Promise<ErasureResidue | undefined> {
  const deadline = performance.now() + residuePatienceMs;
  for (;;) {
    const residue = await store.readResidue();
    if (residue !== 'write-ahead-log' || performance.now() > deadline) return residue;
    await pause(residuePollMs);
  }
}
