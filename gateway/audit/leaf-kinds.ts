/** The kinds of leaves that a gateway writes: so that a misspelt one is not taken for one that never happened. */
export const leafKinds = [
  ...['message.accepted', 'message.refused', 'message.repeated', 'payload.retired'],
  ...['delivery.delivered', 'delivery.stored', 'delivery.refused', 'delivery.expired'],
  'receipts.forgotten',
  ...['session.error', 'request.refused', 'submissions.paused', 'submissions.resumed'],
  ...['enrolment.permitted', 'enrolment.withdrawn', 'enrolment.refused'],
  ...['endpoint.enrolled', 'endpoint.renewed', 'endpoint.renewal-completed', 'endpoint.revoked'],
  'renewal.refused',
  ...['alert.raised', 'alert.unsent', 'alert.disposed', 'alert.overdue'],
  ...['policy.loaded', 'policy.applied', 'pattern.changed', 'agency.added'],
  ...['gateway.started', 'gateway.stopped', 'gateway.certificate-renewed'],
  ...['case.erased', 'case.erased-bodies'],
  'store.migrated',
  ...[
    'audit.search',
    'audit.story',
    'audit.between',
    'audit.export',
    'audit.proof-made',
    'audit.erasure',
    'audit.records-read',
  ],
  ...['audit.alert', 'audit.alerts', 'audit.pattern-replay', 'audit.pattern-silence'],
  ...['audit.endpoints-listed', 'audit.gateway-checked', 'audit.store-copied'],
] as const;

export type LeafKind = (typeof leafKinds)[number];

/** The kinds that a condition means: the kind itself, or all that begin with its first word. */
export function kindsMeantBy(condition: string): readonly LeafKind[] {
  return leafKinds.filter((kind) => kind === condition || kind.startsWith(`${condition}.`));
}
