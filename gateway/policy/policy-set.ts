/** The sharing agreement, loaded and sound: what the rest of the gateway asks. Immutable. */
import type { Digest } from '../../protocol/ids.ts';
import type { Agency } from './agencies.ts';
import type { AlertRules } from './alerts.ts';
import type { Category, Term } from './categories.ts';
import { checkVocabulary, type KnownWords } from './check-vocabulary.ts';
import { cacheDecisions } from './decision-cache.ts';
import type { Dataset } from './datasets.ts';
import type { Decision, DecisionRequest, Refusal } from './decision.ts';
import { prepareEvaluator, type Agreement } from './evaluate.ts';
import type { RetentionRules } from './retention.ts';
import type { SharingPolicy } from './sharing-policies.ts';

export type PolicySet = {
  /** SHA-256 in base64url over every file of the folder. */
  readonly digest: Digest;
  readonly agencies: ReadonlyMap<string, Agency>;
  readonly categories: ReadonlyMap<string, Category>;
  readonly purposes: ReadonlyMap<string, Term>;
  readonly bases: ReadonlyMap<string, Term>;
  /** By `urn:causeway:dataset:NAME:VERSION`. */
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** Undefined where the agreement has no patterns. */
  readonly alerts: AlertRules | undefined;
  /** Undefined where the agreement does not limit how long payloads are kept. */
  readonly retention: RetentionRules | undefined;
  /** The rules by their `@id`. */
  readonly policies: ReadonlyMap<string, SharingPolicy>;
  /** Roles that endpoints of the agency may hold; empty for an unknown agency. */
  readonly rolesAllowed: (agency: string) => readonly string[];
  /**
   * What the agreement does not know or allow about the words of a request, before any policy is asked.
   * `undefined` when they are all in order.
   */
  readonly checkVocabulary: (
    request: Pick<DecisionRequest, 'category' | 'severity' | 'purpose' | 'basis' | 'dataschema'>,
  ) => Refusal | undefined;
  /** Decides, synchronously and from a cache where the question was asked before. Never throws; frozen. */
  readonly decide: (request: DecisionRequest) => Decision;
};

/** The parts of a sound folder. */
export type PolicyParts = Agreement & KnownWords & Pick<PolicySet, 'alerts' | 'retention'>;

/** @param cacheCapacity decisions remembered; 0 asks Cedar every time */
export function createPolicySet(parts: PolicyParts, cacheCapacity: number): PolicySet {
  const { digest, agencies, categories, purposes, bases, datasets, policies, alerts, retention } = parts;
  return {
    digest,
    agencies,
    categories,
    purposes,
    bases,
    datasets,
    alerts,
    retention,
    policies,
    rolesAllowed: (agency) => agencies.get(agency)?.roles ?? [],
    checkVocabulary: (request) => checkVocabulary(parts, request),
    decide: cacheDecisions(prepareEvaluator(parts), cacheCapacity),
  };
}
