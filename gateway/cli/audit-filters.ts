/** The conditions that `audit search` and `audit export` share. */
import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { errorCodes } from '../../protocol/errors.ts';
import { agencyIdSchema, endpointAddressSchema, messageIdSchema, slugSchema } from '../../protocol/ids.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { listOf, matching, parseMoment, usageError } from '../../terminal/input.ts';
import type { SearchQuery } from '../audit/index-reader.ts';
import { kindsMeantBy, leafKinds } from '../audit/leaf-kinds.ts';
import { outcomes } from '../audit/leaf-terms.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { AuditReading } from './audit-reading.ts';

export type FilterFlags = {
  readonly agency?: string[];
  readonly endpoint?: string[];
  readonly case?: string;
  readonly category?: string[];
  readonly kind?: string[];
  readonly outcome?: string[];
  readonly from?: number;
  readonly to?: number;
};

/** A misspelt kind must not be taken for one that never happened. */
const kindSchema = z
  .string()
  .refine(
    (kind) => kindsMeantBy(kind).length > 0,
    `must be a kind, or its first word. The kinds are ${leafKinds.join(', ')}`,
  );

/** Nor a misspelt outcome for one that never came. */
const outcomeSchema = z
  .string()
  .refine(
    (outcome) => ([...outcomes, ...errorCodes] as readonly string[]).includes(outcome),
    `must be ${outcomes.join(', ')}, or a code of docs/errors.md`,
  );

/** A time for the beginning, or for the end, of a period. */
export const moment =
  (end: boolean) =>
  (text: string): number => {
    const at = parseMoment(text, Date.now(), end);
    if (at !== undefined) return at;
    throw new InvalidArgumentError(
      'It must be a time such as 2026-11-23, 2026-11-23T09:30Z, or 7d for seven days ago.',
    );
  };

/** Adds the options. */
export function addFilters(command: ProgramCommand): void {
  command
    .option(
      '--agency <agency>',
      'only about this agency, as sender or recipient; may be repeated',
      listOf(agencyIdSchema),
    )
    .option(
      '--endpoint <agency/endpoint>',
      'only about this endpoint; may be repeated',
      listOf(endpointAddressSchema),
    )
    .option('--case <case>', 'only about this case: the thread of its notices', matching(messageIdSchema))
    .option('--category <category>', 'only about this kind of notice; may be repeated', listOf(slugSchema))
    .option(
      '--kind <kind>',
      'only leaves of this kind, such as message.refused or delivery; may be repeated',
      listOf(kindSchema),
    )
    .option(
      '--outcome <outcome>',
      'only with this outcome: accepted, refused, repeated, delivered, stored, expired, error, or the code of a refusal; may be repeated',
      listOf(outcomeSchema),
    )
    .option(
      '--from <time>',
      'only from this time on, such as 2026-11-23, 2026-11-23T09:30Z or 7d',
      moment(false),
    )
    .option('--to <time>', 'only before this time; a day counts whole', moment(true));
}

/** What the flags ask for. @throws CausewayError `usage-invalid` for a period that ends before it begins */
export function queryOf({
  agency,
  endpoint,
  case: of,
  category,
  kind,
  outcome,
  from,
  to,
}: FilterFlags): SearchQuery {
  if (from !== undefined && to !== undefined && from >= to)
    throw usageError('The time of --from is not before that of --to: no leaf lies between them.');
  const query = {
    agency,
    endpoint,
    case: of === undefined ? undefined : [of],
    category,
    kind,
    outcome,
    from,
    to,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

/** The same for the record of who asked: a case stands apart, so that its story knows who read in it. */
export function askedOf(query: SearchQuery): Record<string, unknown> {
  const { case: [of] = [], ...asked } = query;
  return of === undefined ? { asked } : { case: of, asked };
}

/**
 * Agencies of a query that are neither parties to the sharing agreement nor named anywhere in the log.
 * @throws CausewayError `policy-invalid`
 */
export async function unknownAgencies(
  { agency = [] }: SearchQuery,
  { home, index }: Pick<AuditReading, 'home' | 'index'>,
): Promise<string[]> {
  if (agency.length === 0) return [];
  const { loadPolicySet } = await import('../policy/load.ts');
  const { agencies } = await loadPolicySet(home.policiesDir);
  const strangers = agency.filter((id) => !agencies.has(id));
  const found = await Promise.all(strangers.map((id) => index.search({ agency: [id] }, 1)));
  return strangers.filter((_, place) => found[place]?.hits.length === 0);
}

/** Says so to people; with `--json` the last line does. */
export function tellUnknownAgencies(unknown: readonly string[], terminal: Terminal): void {
  for (const id of unknown) {
    terminal.hint(`No agency ${id} stands in the sharing agreement, nor anywhere in the log.`);
  }
}
