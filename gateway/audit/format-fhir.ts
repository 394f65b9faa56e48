/**
 * The export as FHIR R4 AuditEvent resources. Types are those of DICOM, as R4's value set has them;
 * the kind of the leaf is the subtype.
 */
import type { AuditFact, FactOutcome } from './audit-fact.ts';

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const hl7 = 'http://terminology.hl7.org/CodeSystem';
const own = 'urn:causeway';

type Coding = { readonly system: string; readonly code: string; readonly display?: string };

const types = {
  export: { system: dicom, code: '110106', display: 'Export' },
  import: { system: dicom, code: '110107', display: 'Import' },
  logUsed: { system: dicom, code: '110101', display: 'Audit Log Used' },
  record: { system: dicom, code: '110110', display: 'Patient Record' },
  security: { system: dicom, code: '110113', display: 'Security Alert' },
  activity: { system: dicom, code: '110100', display: 'Application Activity' },
} as const satisfies Record<string, Coding>;

/** By kind, or by its first word. */
const typeOf: Readonly<Record<string, Coding>> = {
  message: types.export,
  delivery: types.import,
  audit: types.logUsed,
  case: types.record,
  ...{ endpoint: types.security, enrolment: types.security, renewal: types.security },
  ...{ agency: types.security, policy: types.security },
  ...{ session: types.security, request: types.security },
  'gateway.certificate-renewed': types.security,
};

/** 0 success, 4 minor, 8 serious, 12 major failure. */
const outcomes: Readonly<Record<FactOutcome, '0' | '4' | '8' | '12'>> = {
  success: '0',
  refused: '4',
  failed: '8',
  broken: '12',
};

const roles = {
  source: { coding: [{ system: dicom, code: '110153', display: 'Source Role ID' }] },
  destination: { coding: [{ system: dicom, code: '110152', display: 'Destination Role ID' }] },
  person: {
    coding: [{ system: `${hl7}/extra-security-role-type`, code: 'humanuser', display: 'human user' }],
  },
} as const;

/** The resource. @param origin the name of the log */
export function auditEventOf(fact: AuditFact, origin: string): object {
  const { index, at, kind, purpose, reason, code } = fact;
  return {
    ...{ resourceType: 'AuditEvent', id: `leaf-${index}` },
    type: typeOf[kind] ?? typeOf[kind.split('.')[0] ?? ''] ?? types.activity,
    subtype: [{ system: `${own}:audit-kind`, code: kind }],
    action: fact.action,
    recorded: new Date(at).toISOString(),
    outcome: outcomes[fact.outcome],
    ...(code !== undefined && { outcomeDesc: `${code}: ${reason ?? ''}` }),
    ...(purpose !== undefined && {
      purposeOfEvent: [{ coding: [{ system: `${own}:purpose`, code: purpose }] }],
    }),
    agent: agentsOf(fact, origin),
    source: {
      site: origin,
      observer: gatewayOf(origin),
      type: [{ system: `${hl7}/security-source-type`, code: '4', display: 'Application Server' }],
    },
    entity: entitiesOf(fact, origin),
  };
}

/** The one that had it done first: it alone is the requestor. */
function agentsOf(fact: AuditFact, origin: string): object[] {
  const { actor, source, recipients, policy } = fact;
  const isActor = (address: string): boolean => actor.type === 'endpoint' && actor.name === address;
  const requestor = {
    ...(actor.type === 'person' && { type: roles.person }),
    ...(actor.type === 'endpoint' && { type: actor.name === source ? roles.source : roles.destination }),
    ...(actor.name === source && fact.roles.length > 0 && { role: fact.roles.map(roleOf) }),
    who: whoOf(actor, origin),
    requestor: true,
    ...(policy !== undefined && { policy: [`${own}:policy:${policy}`] }),
  };
  const others = [
    ...(source === undefined || isActor(source) ? [] : [agent(source, roles.source)]),
    ...recipients.filter((address) => !isActor(address)).map((address) => agent(address, roles.destination)),
  ];
  return [requestor, ...others];
}

function agent(address: string, type: object): object {
  return { type, who: endpointOf(address), requestor: false };
}

function whoOf({ type, name }: AuditFact['actor'], origin: string): object {
  if (type === 'endpoint') return endpointOf(name);
  if (type === 'gateway') return gatewayOf(origin);
  if (type === 'erased' || type === 'tampered') return { display: name };
  return { identifier: { system: `${own}:person`, value: name }, display: name };
}

function endpointOf(address: string): object {
  return { identifier: { system: `${own}:endpoint`, value: address }, display: address };
}

function gatewayOf(origin: string): object {
  return { identifier: { system: `${own}:log`, value: origin }, display: 'Causeway gateway' };
}

function roleOf(code: string): object {
  return { coding: [{ system: `${own}:role`, code }] };
}

const objectRoles = {
  report: { system: `${hl7}/object-role`, code: '3', display: 'Report' },
  domain: { system: `${hl7}/object-role`, code: '4', display: 'Domain Resource' },
  security: { system: `${hl7}/object-role`, code: '13', display: 'Security Resource' },
  query: { system: `${hl7}/object-role`, code: '24', display: 'Query' },
} as const;

function entitiesOf(fact: AuditFact, origin: string): object[] {
  const {
    message,
    case: id,
    category,
    severity,
    basis,
    details,
    index,
    of,
    leafHash,
    erased,
    tampered,
  } = fact;
  const hasDetails = Object.keys(details).length > 0;
  return [
    ...(message === undefined
      ? []
      : [
          entity(uuidOf(message), objectRoles.report, {
            name: 'notice',
            ...detail({ category, severity, basis }),
          }),
        ]),
    ...(id === undefined ? [] : [entity(uuidOf(id), objectRoles.domain, { name: 'case' })]),
    ...(hasDetails
      ? // `query` is what FHIR has for parameters; it stands for a name.
        [{ type: systemObject, role: objectRoles.query, query: base64(JSON.stringify(details)) }]
      : []),
    entity({ identifier: { system: `${own}:leaf`, value: `${origin}#${index}` } }, objectRoles.security, {
      name: 'leaf of the audit log',
      ...detail({
        leafHash,
        continues: of === undefined ? undefined : String(of),
        erased: erased ? 'true' : undefined,
        tampered,
      }),
    }),
  ];
}

const systemObject = { system: `${hl7}/audit-entity-type`, code: '2', display: 'System Object' } as const;

function entity(what: object, role: Coding, rest: object): object {
  return { what, type: systemObject, role, ...rest };
}

function detail(values: Readonly<Record<string, string | undefined>>): { detail?: object[] } {
  const list = Object.entries(values).flatMap(([type, valueString]) =>
    valueString === undefined ? [] : [{ type, valueString }],
  );
  return list.length === 0 ? {} : { detail: list };
}

function uuidOf(id: string): object {
  return { identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${id}` } };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
