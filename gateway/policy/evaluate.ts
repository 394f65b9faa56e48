/** Puts one question to Cedar. Fails closed: whatever goes wrong is a denial that says so. */
import {
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  type CedarValueJson,
  type DetailedError,
  type EntityJson,
  type StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { Digest } from '../../protocol/ids.ts';
import type { Agency } from './agencies.ts';
import { gatewayAgency } from './cedar-vocabulary.ts';
import type { Category } from './categories.ts';
import type { Dataset } from './datasets.ts';
import type { Decision, DecisionRequest, Party } from './decision.ts';
import type { SharingPolicy } from './sharing-policies.ts';

/** All that an answer depends on. */
export type Agreement = {
  readonly digest: Digest;
  readonly agencies: ReadonlyMap<string, Agency>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** By their id. */
  readonly policies: ReadonlyMap<string, SharingPolicy>;
  /** Cedar schema, complete with its vocabulary. */
  readonly schema: string;
};

/** Answers one question; never throws. */
export type Evaluator = (request: DecisionRequest) => Decision;

type Outcome = Omit<Decision, 'policyDigest' | 'inputs'>;

/** Cedar keeps what it has parsed until the process ends, and frees it only when the same name is parsed again. */
const cedarName = 'agreement';
/** Whose policies Cedar has under that name, and what it found wrong with them. */
let inCedar: { readonly agreement: Agreement; readonly faults: readonly DetailedError[] } | undefined;

/**
 * Hands the agreement to Cedar and returns the function that asks it. Cedar has room for one agreement: where
 * several are asked in turn, as an old one beside its successor, each is handed over again when it is asked.
 */
export function prepareEvaluator(agreement: Agreement): Evaluator {
  handOver(agreement);
  return (request) => {
    const faults = handOver(agreement);
    const outcome = faults.length > 0 ? deniedByFault(faults) : ask(agreement, request);
    return Object.freeze({ ...outcome, policyDigest: agreement.digest, inputs: copyRequest(request) });
  };
}

function handOver(agreement: Agreement): readonly DetailedError[] {
  if (inCedar?.agreement === agreement) return inCedar.faults;
  const { policies, schema } = agreement;
  const staticPolicies = Object.fromEntries([...policies.values()].map(({ id, text }) => [id, text]));
  const parsed = [preparseSchema(cedarName, schema), preparsePolicySet(cedarName, { staticPolicies })];
  const faults = parsed.flatMap((answer) => (answer.type === 'failure' ? answer.errors : []));
  inCedar = { agreement, faults };
  return faults;
}

function ask(agreement: Agreement, request: DecisionRequest): Outcome {
  for (const { agency } of [request.sender, request.recipient]) {
    if (agreement.agencies.has(agency) || agency === gatewayAgency) continue;
    return denied([], [`The sharing agreement has no agency ${agency}.`]);
  }
  try {
    const answer = statefulIsAuthorized(buildCall(agreement, request));
    if (answer.type === 'failure') return deniedByFault(answer.errors);
    const { decision, diagnostics } = answer.response;
    if (diagnostics.errors.length > 0) {
      return deniedByFault(diagnostics.errors.map(({ policyId, error }) => ({ ...error, policyId })));
    }
    const determining = [...diagnostics.reason].sort();
    const reasons = determining.map((id) => agreement.policies.get(id)?.reason ?? id);
    if (decision === 'allow') return { effect: 'permit', determining, reasons, errors: [] };
    return denied(determining, reasons.length > 0 ? reasons : [describeSilence(agreement, request)]);
  } catch (error) {
    // Cedar's WebAssembly throws on input it cannot even convert.
    const message = error instanceof Error ? error.message : String(error);
    return deniedByFault([{ message }]);
  }
}

function denied(determining: string[], reasons: string[], errors: string[] = []): Outcome {
  return { effect: 'deny', determining, reasons, errors };
}

function deniedByFault(faults: readonly (Pick<DetailedError, 'message'> & { policyId?: string })[]): Outcome {
  const errors = faults.map(({ policyId, message }) =>
    policyId === undefined ? message : `${policyId}: ${message}`,
  );
  return denied([], ['The policies could not be evaluated, and what cannot be evaluated is denied.'], errors);
}

/** The words for a denial by default: nobody forbade it, but nobody permitted it either. */
function describeSilence(agreement: Agreement, request: DecisionRequest): string {
  const name = (party: Party): string => agreement.agencies.get(party.agency)?.name ?? party.agency;
  const { category, sender, recipient, purpose } = request;
  return `No policy of the sharing agreement permits ${name(sender)} to send ${category} to ${recipient.endpoint} (${name(recipient)}) for ${purpose}.`;
}

function buildCall(agreement: Agreement, request: DecisionRequest): StatefulAuthorizationCall {
  const { sender, recipient, dataschema } = request;
  const dataset =
    dataschema === undefined ? undefined : (agreement.datasets.get(dataschema)?.name ?? dataschema);
  return {
    principal: endpointId(sender),
    action: { type: 'Action', id: 'send' },
    resource: endpointId(recipient),
    context: {
      category: word('Category', request.category),
      group: word('Group', agreement.categories.get(request.category)?.group ?? request.category),
      severity: word('Severity', request.severity),
      purpose: word('Purpose', request.purpose),
      basis: word('Basis', request.basis),
      ...(dataset === undefined ? {} : { dataset: word('Dataset', dataset) }),
    },
    entities: buildEntities(agreement, sender, recipient),
    preparsedPolicySetId: cedarName,
    preparsedSchemaName: cedarName,
    validateRequest: true,
  };
}

/** Cedar refuses the same entity twice, and an endpoint may write to itself. */
function buildEntities(agreement: Agreement, sender: Party, recipient: Party): EntityJson[] {
  const entities = [buildEntity(agreement, sender)];
  if (recipient.endpoint !== sender.endpoint) entities.push(buildEntity(agreement, recipient));
  return entities;
}

function buildEntity(agreement: Agreement, party: Party): EntityJson {
  const agency = agreement.agencies.get(party.agency);
  const allowed = agency?.roles ?? [];
  return {
    uid: endpointId(party),
    attrs: {
      agency: word('Agency', party.agency),
      sector: word('Sector', agency?.sector ?? gatewayAgency),
      areas: (agency?.areas ?? []).map((area) => word('Area', area)),
      roles: party.roles.filter((role) => allowed.includes(role)).map((role) => word('Role', role)),
    },
    parents: [],
  };
}

function endpointId({ endpoint }: Party): { type: string; id: string } {
  return { type: 'Endpoint', id: endpoint };
}

function word(type: string, id: string): CedarValueJson {
  return { __entity: { type, id } };
}

/** A decision outlives its request in the cache: it keeps its own copy. */
function copyRequest(request: DecisionRequest): DecisionRequest {
  const { sender, recipient, dataschema, ...rest } = request;
  const copyParty = (party: Party): Party => ({ ...party, roles: [...party.roles] });
  return {
    sender: copyParty(sender),
    recipient: copyParty(recipient),
    category: rest.category,
    severity: rest.severity,
    purpose: rest.purpose,
    basis: rest.basis,
    ...(dataschema === undefined ? {} : { dataschema }),
  };
}
