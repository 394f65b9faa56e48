/**
 * The export as CSV (RFC 4180), for spreadsheets. A cell that a spreadsheet would take for a formula gets an apostrophe
 * in front of it: names in the log come from elsewhere.
 */
import type { AuditFact } from './audit-fact.ts';

const columns: Readonly<Record<string, (fact: AuditFact) => string | number | undefined>> = {
  leaf: ({ index }) => index,
  at: ({ at }) => new Date(at).toISOString(),
  kind: ({ kind }) => kind,
  action: ({ action }) => action,
  outcome: ({ outcome }) => outcome,
  code: ({ code }) => code,
  reason: ({ reason }) => reason,
  actor: ({ actor }) => actor.name,
  actor_type: ({ actor }) => actor.type,
  roles: ({ roles }) => roles.join(' '),
  source: ({ source }) => source,
  recipients: ({ recipients }) => recipients.join(' '),
  message: ({ message }) => message,
  case: ({ case: id }) => id,
  category: ({ category }) => category,
  severity: ({ severity }) => severity,
  purpose: ({ purpose }) => purpose,
  basis: ({ basis }) => basis,
  policy: ({ policy }) => policy,
  continues: ({ of }) => of,
  details: ({ details }) => (Object.keys(details).length === 0 ? undefined : JSON.stringify(details)),
  erased: ({ erased }) => String(erased),
  tampered: ({ tampered }) => tampered ?? '',
  leaf_hash: ({ leafHash }) => leafHash,
};

/** The first line. */
export const csvHeader = `${Object.keys(columns).join(',')}\r\n`;

/** One line, with its line break. */
export function formatCsv(fact: AuditFact): string {
  return `${Object.values(columns)
    .map((column) => cellOf(column(fact)))
    .join(',')}\r\n`;
}

/** What makes a spreadsheet compute, also in its full-width form; and what it skips before that. */
const formula = /^[\s\u0000-\u001f]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

function cellOf(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = formula.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
