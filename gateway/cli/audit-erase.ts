/** `causeway audit erase`: destroys what opens the bodies of a case, and prints a certificate of it. */
import { Option } from 'commander';
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
import type { CaseId, ProposedBodies, UnderWay } from '../store/port.ts';
import type { AlertChoice, ErasureChoices } from './erase-alerts.ts';
import { personHere, recordReading } from './record-reading.ts';
import { withIndex } from './with-index.ts';

type Flags = GatewayFlags & {
  readonly authority: string;
  readonly alerts?: AlertChoice;
  readonly underWay: UnderWay;
  readonly out?: string;
};

const maxAuthorityLength = 500;

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
  const [{ formatErasureCertificate }, { adviseOn, tellErasure }, { UncertifiedErasure }] = await Promise.all(
    [
      import('../../protocol/audit/erasure-certificate.ts'),
      import('./tell-erasure.ts'),
      import('../audit/erase-case.ts'),
    ],
  );
  await withGateway(gatewayFolder(dir, terminal.env), async (gateway) => {
    let certificate: ErasureCertificate | undefined;
    const work = async (): Promise<string> => {
      // Whoever only asks is told of alerts and of earlier orders, too.
      await recordReading(gateway.store, 'audit.erasure', { case: id });
      const order = { case: id, authority, by: personHere() };
      certificate = await carryOut(order, { alerts, underWay }, gateway, terminal);
      return formatErasureCertificate(certificate);
    };
    let trouble: unknown;
    try {
      // What cannot be written is known before anything is destroyed, but for want of space.
      if (out === undefined) await work();
      else await (await import('../../terminal/output-file.ts')).writeResult(out, work);
    } catch (error) {
      if (certificate === undefined) throw error instanceof UncertifiedErasure ? adviseOn(error) : error;
      trouble = error;
    }
    const made = certificate;
    if (made === undefined) return;
    const findUnsaidAlerts = async (): Promise<readonly CaseId[]> => unsaidAlerts(made, gateway, terminal);
    await tellErasure(made, { store: gateway.store, findUnsaidAlerts, trouble }, terminal);
  });
}

async function carryOut(
  order: ErasureOrder,
  choices: ErasureChoices,
  gateway: OpenGateway,
  terminal: Terminal,
): Promise<ErasureCertificate> {
  const [{ PublishedLog }, { eraseCase, certifyErasure }, { settleAlerts }] = await Promise.all([
    import('./published-log.ts'),
    import('../audit/erase-case.ts'),
    import('./erase-alerts.ts'),
  ]);
  const { store } = gateway;
  const log = new PublishedLog(gateway.home, store);
  return withIndex(gateway, terminal, async (index) => {
    const { alerts, erasedNow } = await terminal.during('Looking for alerts about the case', () =>
      settleAlerts(order, choices, { store, index }),
    );
    const { underWay } = choices;
    const proposeBodies = async (id: CaseId): Promise<ProposedBodies> => index.proposeBodiesOf(id);
    const erasure = terminal.during('Erasing the case', () =>
      eraseCase(store, log, { ...order, alerts }, { underWay, proposeBodies }),
    );
    return erasure.catch(async (error: unknown) => {
      if (!isCausewayError(error, 'case-unknown')) throw error;
      const { hits } = await index.search({ case: [order.case], kind: ['case.erased'] }, 1);
      const [before] = hits;
      if (before === undefined) throw error;
      const did = erasedNow.length === 0 ? 'nothing was done now' : `now ${erasedNow.join(', ')} went, too`;
      terminal.hint(`This case was erased before; ${did}.`);
      const certificate = await terminal.during('Making the certificate', () =>
        certifyErasure(store, log, order.case, before.index),
      );
      terminal.hint('This is the certificate of that erasure.');
      return certificate;
    });
  });
}

/** Looks at everything that is new, so that the index does not know until the next search what the case said. */
async function unsaidAlerts(
  { case: id, alerts }: ErasureCertificate,
  gateway: OpenGateway,
  terminal: Terminal,
): Promise<readonly CaseId[]> {
  const { alertsAbout } = await import('./erase-alerts.ts');
  const { store } = gateway;
  const found = await withIndex(gateway, terminal, async (index) =>
    alertsAbout(id as CaseId, { store, index }),
  );
  const said = new Set(alerts?.remaining.map(({ leaf }) => leaf));
  return found.filter(({ leaf }) => !said.has(leaf)).map((alert) => alert.case);
}
