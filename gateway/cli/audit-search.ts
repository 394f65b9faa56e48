/** `causeway audit search`: leaves of the audit log by agency, endpoint, case, category, kind, outcome and time. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { wholeNumber } from '../../terminal/input.ts';
import { showableLine } from '../../terminal/paint.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { SearchHit, SearchPage } from '../audit/index-reader.ts';
import { tamperingRemarks } from '../audit/tampering-words.ts';
import type { Tampering } from '../store/port.ts';
import {
  addFilters,
  askedOf,
  queryOf,
  tellUnknownAgencies,
  unknownAgencies,
  type FilterFlags,
} from './audit-filters.ts';
import { readAudit } from './audit-reading.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';

type Flags = FilterFlags & GatewayFlags & { readonly limit: number; readonly before?: number };

const defaultLimit = 25;
const maxLimit = 1_000;
/** Characters of a value in a line for people. */
const maxShown = 100;
/** Recipients in a line for people; a longer list names one less and counts the rest. */
const maxNamed = 3;
/** Keys and whole directory entries, which only `--json` shows. */
const forPrograms: ReadonlySet<string> = new Set([
  ...['tlsThumbprint', 'openpgpFingerprint', 'encryptionKey', 'signingKey', 'became'],
]);

type Matter = NonNullable<SearchHit['matter']>;

export function registerAuditSearch(audit: ProgramCommand, terminal: Terminal): void {
  const search = audit
    .command('search')
    .summary('find leaves by agency, endpoint, case, category, kind, outcome, time')
    .description(
      'Shows the leaves of the audit log that meet every condition given, newest first, a page at a time. Works while\n' +
        'the gateway runs. The search itself becomes a leaf, with your name and what you asked, before anything is shown.',
    );
  addFilters(search);
  search
    .option('--limit <n>', 'leaves on a page', wholeNumber(1, maxLimit), defaultLimit)
    .option('--before <index>', 'the page before this leaf', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option(...dirOption)
    .action(async (flags: Flags) => {
      const query = queryOf(flags);
      const { limit, before } = flags;
      const asked = askedOf(before === undefined ? query : { ...query, before });
      await readAudit(flags, { kind: 'audit.search', ...asked }, terminal, async (reading) => {
        const until = Math.min(before ?? reading.leaf, reading.leaf);
        const { tamperedLeaves } = await import('../audit/tampered-leaves.ts');
        const [page, tampered] = await terminal.during('Searching', async () => {
          const found = await reading.index.search({ ...query, before: until }, limit);
          return [found, await tamperedLeaves(reading.leaves, found.hits)] as const;
        });
        print(page, { unknown: await unknownAgencies(query, reading), tampered }, terminal);
      });
    });
  search.examples(
    ['causeway audit search --agency nhs-lanarkshire --outcome refused --from 7d', ''],
    ['causeway audit search --case 0193… --json', 'every leaf of a case, for a script'],
  );
}

type Remarks = {
  /** Agencies that nobody knows. */
  readonly unknown: readonly string[];
  /** Leaves that were tampered with in the store, or whose bodies were. */
  readonly tampered: ReadonlyMap<number, Tampering>;
};

function print({ hits, next }: SearchPage, { unknown, tampered }: Remarks, terminal: Terminal): void {
  if (terminal.wantsJson) {
    for (const hit of hits) terminal.json(hitObject(hit, tampered.get(hit.index)));
    const strangers = unknown.length === 0 ? {} : { unknownAgencies: unknown };
    terminal.json({ type: 'page', leaves: hits.length, next: next ?? null, ...strangers });
    return;
  }
  tellUnknownAgencies(unknown, terminal);
  if (hits.length === 0) terminal.hint('No leaf meets these conditions.');
  terminal.table(hits.map((hit) => cellsOf(hit, tampered.get(hit.index), terminal)));
  if (next !== undefined) terminal.hint(`There are more: say the same again with --before ${next}`);
}

function hitObject(hit: SearchHit, tampered: Tampering | undefined): object {
  const { index, at, kind, code, of, nth, case: id, matter, erased } = hit;
  // What the index knows may be what somebody has made of the leaf.
  if (tampered === 'rewritten')
    return { type: 'leaf', index, at: new Date(at).toISOString(), kind, erased, tampered };
  return {
    ...(tampered === undefined ? matter : {}),
    type: 'leaf',
    index,
    at: new Date(at).toISOString(),
    kind,
    code,
    of,
    nth,
    case: id,
    erased,
    tampered,
  };
}

function cellsOf(
  { index, at, kind, code, nth, case: id, matter, erased }: SearchHit,
  tampered: Tampering | undefined,
  { paint }: Terminal,
): string[] {
  const words = kind.includes('refused') || kind.includes('error') ? paint.warn(kind) : kind;
  const beginning = [
    String(index).padStart(6),
    paint.dim(timeText(at)),
    code === undefined || tampered === 'rewritten' ? words : `${words} ${code}`,
  ];
  if (tampered !== undefined) return [...beginning, paint.bad(tamperingRemarks[tampered])];
  const ofCase = id === undefined ? '' : paint.dim(`case ${id}`);
  if (matter?.source === undefined) {
    const words = erased ? paint.dim('erased') : detailsOf(matter ?? {});
    return [...beginning, `${words} ${ofCase}`.trim()];
  }
  // Who wrote to whom is of any length: at the end, one line does not make the others as long.
  return [
    ...beginning,
    showableLine(matter.category === undefined ? '' : `${matter.category} (${matter.severity ?? '?'})`),
    ofCase,
    erased ? paint.dim('erased') : showableLine(partiesOf(matter.source, matter, nth)),
  ];
}

/** `from → to` of a notice or a delivery. */
function partiesOf(source: string, { recipients = [] }: Matter, nth: number | undefined): string {
  const to = nth === undefined ? recipients : recipients.slice(nth, nth + 1);
  if (to.length === 0) return source;
  const named = to.length > maxNamed ? to.slice(0, maxNamed - 1) : to;
  const others = to.length - named.length;
  return `${source} → ${named.join(', ')}${others === 0 ? '' : ` and ${others} others`}`;
}

/** What any other leaf says. */
function detailsOf(matter: Matter): string {
  return Object.entries(matter)
    .filter(([name]) => !forPrograms.has(name))
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const)
    .map(([name, text]) => `${name}=${text.length > maxShown ? `${text.slice(0, maxShown)}…` : text}`)
    .map(showableLine)
    .join(' ');
}
