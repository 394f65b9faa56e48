/** Enrolment permits, directory entries, and the versions that tell every gateway of a change. */
import { Binary } from 'mongodb';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import type { EnrolmentPermit, RecordEntry } from '../port.ts';
import { refusePermit } from '../permit.ts';
import type { Draft } from './draft.ts';
import type { OperationOf, Results } from './operations.ts';

export function permitEnrolment(
  draft: Draft,
  { secretDigest, endpoint, roles, expiresAt }: EnrolmentPermit,
  line: string,
): void {
  draft.newPermit = { _id: new Binary(secretDigest), endpoint, roles, expiresAt, usedAt: null };
  draft.leaves.entry(line, draft.at);
}

/** The draft knows the permit, if there is one, and whether the entry's keys are another's. */
export function enrol(
  draft: Draft,
  { secretDigest, entry, now, line }: OperationOf<'enrol'>,
): Results['enrol'] {
  const permit = draft.permits.get(secretDigest.toString('hex'));
  if (permit?.endpoint !== entry.endpoint) return 'token-invalid';
  const refusal = refusePermit(permit.expiresAt, permit.usedAt, now);
  if (refusal !== undefined) return refusal;
  if (draft.areKeysTaken) return 'key-taken';
  draft.usedPermit = { ...permit, usedAt: draft.at };
  putEntry(draft, entry, line);
  return 'enrolled';
}

/** The draft knows the endpoint's entry, if there is one, and whether keys that are new in it are another's. */
export function replaceEntry(
  draft: Draft,
  { before, after, line }: OperationOf<'replace-entry'>,
): Results['replace-entry'] {
  if (draft.areKeysTaken) return 'key-taken';
  const current = draft.entries.get(before.endpoint)?.entry;
  if (current === undefined || current !== JSON.stringify(before)) return 'overtaken';
  if (before.status !== 'active') return 'overtaken';
  putEntry(draft, after, line);
  return 'replaced';
}

/** The store itself says what the entry became, so that the leaf binds what is served. */
function putEntry(draft: Draft, entry: DirectoryEntry, line: string): void {
  draft.newEntry = {
    _id: entry.endpoint,
    version: draft.raise('directory'),
    entry: JSON.stringify(entry),
    record: draft.nextRecord,
  };
  draft.leaves.directory(JSON.parse(line) as RecordEntry, entry, draft.at);
}
