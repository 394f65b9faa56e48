/** The question that policy answers, and its answer. */
import type { Digest } from '../../protocol/ids.ts';
import type { Severity } from '../../protocol/wire/envelope.ts';

/** One side of a notice. */
export type Party = {
  /** `agency/endpoint`. */
  readonly endpoint: string;
  readonly agency: string;
  /** Roles that the endpoint holds; those that its agency's entry does not allow count for nothing. */
  readonly roles: readonly string[];
};

/** May this sender send such a notice to this recipient? A notice to several is one question for each. */
export type DecisionRequest = {
  readonly sender: Party;
  readonly recipient: Party;
  readonly category: string;
  readonly severity: Severity;
  readonly purpose: string;
  readonly basis: string;
  /** `urn:causeway:dataset:NAME:VERSION`; absent from free text. */
  readonly dataschema?: string | undefined;
};

/** An answer that can be recorded and later explained: by which rules, of which agreement, about what. */
export type Decision = {
  readonly effect: 'permit' | 'deny';
  /** SHA-256 in base64url over the policy folder. */
  readonly policyDigest: Digest;
  /** `@id` of the policies that settled it, sorted; empty when no policy permitted it. */
  readonly determining: readonly string[];
  /** Why, in plain words; never empty. */
  readonly reasons: readonly string[];
  /** Faults met while deciding; any fault makes the effect `deny`. */
  readonly errors: readonly string[];
  readonly inputs: DecisionRequest;
};

/** Why a request cannot even be put to the policies. */
export type Refusal = {
  readonly code: 'category-unknown' | 'dataset-unknown' | 'policy-denied';
  /** A plain sentence. */
  readonly detail: string;
};
