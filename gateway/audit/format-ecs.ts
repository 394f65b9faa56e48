/** The export as events of the Elastic Common Schema, for the tools that watch over systems. */
import type { AuditFact, FactOutcome } from './audit-fact.ts';

const ecsVersion = '8.17.0';

/** `event.category` and `event.type`; only the values that the schema allows, and expects together. */
type Classes = { readonly category?: readonly string[]; readonly type: readonly string[] };

const classes: Readonly<Record<string, Classes>> = {
  'message.accepted': { category: ['network'], type: ['connection', 'allowed'] },
  'message.refused': { category: ['network'], type: ['connection', 'denied'] },
  'endpoint.enrolled': { category: ['iam'], type: ['user', 'creation'] },
  'endpoint.revoked': { category: ['iam'], type: ['user', 'deletion'] },
  'pattern.changed': { category: ['configuration'], type: ['change'] },
  'agency.added': { category: ['configuration'], type: ['creation'] },
  case: { category: ['database'], type: ['change'] },
  'store.migrated': { category: ['database'], type: ['change'] },
  'request.refused': { category: ['network'], type: ['denied'] },
  submissions: { category: ['host'], type: ['info'] },
  message: { category: ['network'], type: ['info'] },
  delivery: { category: ['network'], type: ['info'] },
  endpoint: { category: ['iam'], type: ['user', 'change'] },
  enrolment: { category: ['iam'], type: ['admin', 'info'] },
  renewal: { category: ['iam'], type: ['user', 'info'] },
  'gateway.started': { category: ['process'], type: ['start'] },
  'gateway.stopped': { category: ['process'], type: ['end'] },
  'gateway.certificate-renewed': { category: ['configuration'], type: ['change'] },
  policy: { category: ['configuration'], type: ['change'] },
  audit: { category: ['database'], type: ['access'] },
  receipts: { category: ['database'], type: ['change'] },
  payload: { category: ['database'], type: ['change'] },
  session: { category: ['session'], type: ['info'] },
};

const outcomes: Readonly<Record<FactOutcome, 'success' | 'failure'>> = {
  success: 'success',
  refused: 'failure',
  failed: 'failure',
  broken: 'failure',
};

/** The event. @param origin the name of the log */
export function ecsEventOf(fact: AuditFact, origin: string): object {
  const { index, at, kind, code, reason, actor, source, recipients } = fact;
  const { category, type } = classes[kind] ?? classes[kind.split('.')[0] ?? ''] ?? { type: ['info'] };
  const addresses = [...new Set([source, ...recipients].filter((address) => address !== undefined))];
  return {
    '@timestamp': new Date(at).toISOString(),
    ecs: { version: ecsVersion },
    message: messageOf(fact),
    event: {
      ...{ kind: 'event', ...(category !== undefined && { category }), type, action: kind },
      ...{ outcome: outcomes[fact.outcome], id: `${origin}#${index}`, sequence: index },
      ...{ module: 'causeway', dataset: 'causeway.audit', provider: origin, hash: fact.leafHash },
      ...(code !== undefined && { code, reason }),
    },
    observer: { name: origin, type: 'gateway', product: 'Causeway' },
    ...(source !== undefined && { source: { address: source } }),
    // The field holds one address; all of several stand in `related` and `causeway`.
    ...(recipients.length === 1 && { destination: { address: recipients[0] } }),
    ...(actor.type === 'person' && { user: { name: actor.name } }),
    related: {
      ...(addresses.length > 0 && { hosts: addresses }),
      ...(actor.type === 'person' && { user: [actor.name] }),
    },
    causeway: ownFields(fact),
  };
}

/** What the schema has no field for, under a name of our own. */
function ownFields(fact: AuditFact): object {
  const {
    actor,
    roles,
    recipients,
    message,
    category,
    severity,
    purpose,
    basis,
    policy,
    of,
    erased,
    tampered,
  } = fact;
  return {
    ...{ action: fact.action, actor, recipients, roles, message, case: fact.case, category, severity },
    ...{ purpose, basis, policy, continues: of, erased, tampered },
    ...(Object.keys(fact.details).length > 0 && { details: JSON.stringify(fact.details) }),
  };
}

function messageOf({ kind, actor, recipients, reason }: AuditFact): string {
  const to = recipients.length === 0 ? '' : ` to ${recipients.join(', ')}`;
  return `${kind} by ${actor.name}${to}${reason === undefined ? '' : `: ${reason}`}`;
}
