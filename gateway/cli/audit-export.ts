/** `causeway audit export`: leaves of the audit log in the forms that other systems read. */
import { Option } from 'commander';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { jsonLine } from '../../terminal/json-line.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { AuditFact } from '../audit/audit-fact.ts';
import {
  addFilters,
  askedOf,
  queryOf,
  type FilterFlags,
  tellUnknownAgencies,
  unknownAgencies,
} from './audit-filters.ts';
import { readAudit, type AuditReading } from './audit-reading.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';

const formats = ['fhir', 'ecs', 'csv'] as const;
type Format = (typeof formats)[number];
type Flags = FilterFlags & GatewayFlags & { readonly format: Format };

/** Written at one stroke, so that a slow reader is waited for and a quick one is not. */
const chunkCharacters = 64 * 1024;

export function registerAuditExport(audit: ProgramCommand, terminal: Terminal): void {
  const command = audit
    .command('export')
    .summary('write leaves as FHIR AuditEvent, ECS or CSV')
    .description(
      'Writes the leaves that meet every condition given to stdout, oldest first: as FHIR R4 AuditEvent resources, one\n' +
        'a line, as JSON lines of the Elastic Common Schema, or as CSV. The log says no content, nor does the export.\n' +
        'The export itself becomes a leaf, with your name and what you asked, before anything is written.',
    )
    .addOption(
      new Option('--format <format>', 'the form of what is written')
        .choices([...formats])
        .makeOptionMandatory(),
    );
  addFilters(command);
  command
    .option(...dirOption)
    .examples(
      ['causeway audit export --format fhir --from 2026-11-01 --to 2026-11-30 > november.ndjson', ''],
      ['causeway audit export --format csv --agency nhs-lanarkshire --outcome expired > unread.csv', ''],
    )
    .action((flags: Flags) => exportLeaves(flags, terminal));
}

async function exportLeaves(flags: Flags, terminal: Terminal): Promise<void> {
  const { format } = flags;
  const query = queryOf(flags);
  const { case: of, asked = {} } = askedOf(query);
  const record = { kind: 'audit.export', ...(of === undefined ? {} : { case: of }), format, asked } as const;
  const write = async (reading: AuditReading): Promise<void> => {
    const { home, leaves, index, leaf } = reading;
    tellUnknownAgencies(await unknownAgencies(query, reading), terminal);
    const [{ exportFacts }, { logOriginOf }] = await Promise.all([
      import('../audit/export-facts.ts'),
      import('../home/gateway-settings.ts'),
    ]);
    const found = await terminal.during('Looking for the leaves', () =>
      index.findAll({ ...query, before: leaf }),
    );
    const form = await loadFormat(format, logOriginOf(home.settings));
    await writeFacts(exportFacts(leaves, found), found.length, form, terminal);
    terminal.hint(`${found.length} ${found.length === 1 ? 'leaf' : 'leaves'} written.`);
  };
  await readAudit(flags, record, terminal, write, { isOurs: false });
}

/** Shows how far it is where the leaves go elsewhere than to the screen, on which they show that themselves. */
async function writeFacts(
  facts: AsyncIterable<AuditFact>,
  count: number,
  { header, line }: LineFormat,
  terminal: Terminal,
): Promise<void> {
  const progress = terminal.isTTY ? undefined : terminal.progress('Writing leaves');
  try {
    let chunk = header;
    let made = 0;
    for await (const fact of facts) {
      chunk += line(fact);
      made++;
      if (chunk.length < chunkCharacters) continue;
      await terminal.deliver(chunk);
      chunk = '';
      progress?.update(`Writing, leaf ${made} of ${count}`);
    }
    if (chunk !== '') await terminal.deliver(chunk);
  } finally {
    progress?.end();
  }
}

type LineFormat = { readonly header: string; readonly line: (fact: AuditFact) => string };

async function loadFormat(format: Format, origin: string): Promise<LineFormat> {
  if (format === 'csv') {
    const { csvHeader, formatCsv } = await import('../audit/format-csv.ts');
    return { header: csvHeader, line: formatCsv };
  }
  if (format === 'ecs') {
    const { ecsEventOf } = await import('../audit/format-ecs.ts');
    return { header: '', line: (fact) => `${jsonLine(ecsEventOf(fact, origin))}\n` };
  }
  const { auditEventOf } = await import('../audit/format-fhir.ts');
  return { header: '', line: (fact) => `${jsonLine(auditEventOf(fact, origin))}\n` };
}
