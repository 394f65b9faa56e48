/** What a leaf says, in the terms that every form of export needs: who did what to what, when, why, and what came of it. */
import type { Leaf } from '../../protocol/audit/leaf.ts';
import { catalogue, type ErrorCode } from '../../protocol/errors.ts';
import { correlatorAddress, type Digest } from '../../protocol/ids.ts';
import { leafHash } from '../../protocol/proof/merkle.ts';
import { erasedBodiesKind } from '../store/erased-bodies.ts';
import type { RecordEntry, StoredLeaf, Tampering } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { indexedLeaf } from './leaf-terms.ts';
import { tamperingRemarks } from './tampering-words.ts';

/** Create, read, update, delete, execute. */
export type FactAction = 'C' | 'R' | 'U' | 'D' | 'E';
/** `refused`: nothing was done; `failed`: something that should have been done was not; `broken`: the gateway itself is. */
export type FactOutcome = 'success' | 'refused' | 'failed' | 'broken';

/** Whoever had it done. `erased` or `tampered` where only a body said that was erased, or tampered with in the store. */
export type FactActor = {
  readonly type: 'endpoint' | 'person' | 'gateway' | 'erased' | 'tampered';
  readonly name: string;
};

export type AuditFact = {
  readonly index: number;
  /** ms since 1970 */
  readonly at: number;
  readonly kind: string;
  readonly action: FactAction;
  readonly outcome: FactOutcome;
  readonly code: ErrorCode | undefined;
  /** The sentence of the code. */
  readonly reason: string | undefined;
  readonly actor: FactActor;
  readonly roles: readonly string[];
  readonly source: string | undefined;
  /** Of a delivery only the one that it is about. */
  readonly recipients: readonly string[];
  readonly message: string | undefined;
  readonly case: string | undefined;
  readonly category: string | undefined;
  readonly severity: string | undefined;
  readonly purpose: string | undefined;
  readonly basis: string | undefined;
  /** Digest of the sharing agreement that decided. */
  readonly policy: Digest | undefined;
  /** The leaf that it continues. */
  readonly of: number | undefined;
  /** What else its body says, where it is about no message. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly erased: boolean;
  /** What somebody did to the body in the store, or to that of the leaf which it continues. */
  readonly tampered: Tampering | undefined;
  /** The hash of the leaf in the tree, in hex: what a proof of it begins with. */
  readonly leafHash: string;
};

/** @param origin the leaf that it continues, where it continues one */
export function factOf(leaf: StoredLeaf, origin: StoredLeaf | undefined): AuditFact {
  const open = openLeaf(leaf);
  const { matter: own = {}, case: ownCase, erased } = indexedLeaf(leaf);
  const about = origin === undefined ? undefined : indexedLeaf(origin);
  const matter = about === undefined ? own : (about.matter ?? {});
  const entry = origin === undefined ? leaf.entry : origin.entry;
  const isErased = about === undefined ? erased : about.erased;
  const tampered = origin?.tampered ?? leaf.tampered;
  const { recipients = [], source, category, severity } = matter;
  const to = open.nth === undefined ? recipients : recipients.slice(open.nth, open.nth + 1);
  const { code } = open;
  return {
    ...{ index: leaf.index, at: leaf.at, kind: open.kind, of: open.of, code, erased: isErased, tampered },
    ...{ action: actionOf(open.kind), outcome: outcomeOf(open.kind, code), source, recipients: to },
    reason: code === undefined ? undefined : catalogue[code].text,
    actor: lostActor(isErased, tampered) ?? actorOf(open, leaf.entry, source, to[0]),
    roles: rolesOf(entry.roles),
    message: wordOf(matter.message) ?? open.message,
    case: (about === undefined ? ownCase : about.case) ?? wordOf(own.case),
    category,
    severity,
    purpose: wordOf(entry.purpose),
    basis: wordOf(entry.basis),
    policy: (open.policy ?? wordOf(entry.policy)) as Digest | undefined,
    details: isMessageKind(open.kind) || isErased || tampered !== undefined ? {} : detailsOf(leaf.entry),
    leafHash: leafHash(Buffer.from(leaf.leaf, 'latin1')).toString('hex'),
  };
}

const actions: Readonly<Record<string, FactAction>> = {
  'message.accepted': 'C',
  'message.refused': 'C',
  'endpoint.enrolled': 'C',
  'endpoint.renewed': 'U',
  'endpoint.renewal-completed': 'U',
  'endpoint.revoked': 'U',
  'enrolment.permitted': 'C',
  'enrolment.withdrawn': 'D',
  'agency.added': 'C',
  'policy.applied': 'U',
  'pattern.changed': 'U',
  'gateway.certificate-renewed': 'U',
  'receipts.forgotten': 'D',
  'case.erased': 'D',
  'case.erased-bodies': 'D',
  'payload.retired': 'D',
};

function actionOf(kind: string): FactAction {
  return actions[kind] ?? (kind.startsWith('audit.') ? 'R' : 'E');
}

function outcomeOf(kind: string, code: ErrorCode | undefined): FactOutcome {
  const word = kind.split('.').at(-1);
  if (word === 'refused') return 'refused';
  if (word === 'expired' || word === 'unsent' || word === 'overdue') return 'failed';
  if (word !== 'error') return 'success';
  const { httpStatus = 0, retryable = true } = code === undefined ? {} : catalogue[code];
  return httpStatus >= 500 && !retryable ? 'broken' : 'failed';
}

function lostActor(erased: boolean, tampered: Tampering | undefined): FactActor | undefined {
  if (erased) return { type: 'erased', name: 'erased' };
  return tampered === undefined ? undefined : { type: 'tampered', name: tamperingRemarks[tampered] };
}

function actorOf(
  { kind, endpoint }: Leaf,
  entry: RecordEntry,
  source: string | undefined,
  recipient: string | undefined,
): FactActor {
  const person = wordOf(entry.by);
  // What it permits for its own correlator, it does itself.
  const isOwn = kind === 'enrolment.permitted' && entry.endpoint === correlatorAddress;
  if (person !== undefined && !isOwn) return { type: 'person', name: person };
  const doer = doerOf(kind, { endpoint: endpoint ?? wordOf(entry.endpoint), source, recipient });
  return doer === undefined ? { type: 'gateway', name: 'gateway' } : { type: 'endpoint', name: doer };
}

/** Whom a leaf is about, in each of the ways in which it can be. */
type Parties = Readonly<Record<'endpoint' | 'source' | 'recipient', string | undefined>>;

/** The endpoint that had it done; undefined where the gateway did so itself, or its operator. */
export function doerOf(kind: string, { endpoint, source, recipient }: Parties): string | undefined {
  if (kind.startsWith('message.') || kind === 'alert.disposed') return source;
  if (kind === 'delivery.stored' || kind === 'delivery.refused') return recipient;
  const byItself = ['endpoint.enrolled', 'endpoint.renewed', 'endpoint.renewal-completed'];
  const isOwn =
    byItself.includes(kind) || /^(?:enrolment|renewal)\.refused$|^(?:session|receipts)\./.test(kind);
  return isOwn ? endpoint : undefined;
}

function isMessageKind(kind: string): boolean {
  return kind.startsWith('message.') || kind.startsWith('delivery.');
}

/**
 * Without what stands elsewhere in the fact, and without the directory's whole entry with its certificates. Of the bodies that
 * an erasure took, how many: which belonged together goes to nobody with an export.
 */
function detailsOf({ kind, by: _by, became: _became, ...rest }: RecordEntry): Record<string, unknown> {
  if (kind !== erasedBodiesKind) return rest;
  return { case: rest.case, count: Array.isArray(rest.leaves) ? rest.leaves.length : undefined };
}

function rolesOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((role) => typeof role === 'string') : [];
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
