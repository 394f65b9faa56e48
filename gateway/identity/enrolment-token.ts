/** One-time tokens: an operator's permission for one endpoint to register its keys, and these keys alone. */
import { CausewayError } from '../../protocol/errors.ts';
import { agencyOf, type Digest, type EndpointAddress } from '../../protocol/ids.ts';
import { sha256 } from '../../protocol/proof/merkle.ts';
import { encodeEnrolmentToken } from '../../protocol/wire/enrolment.ts';
import type { Store } from '../store/port.ts';
import { createPermitSecret } from './permit-secret.ts';
import { defaultTokenLifetimeMs, maxTokenLifetimeMs } from './token-lifetime.ts';

/** What the sharing agreement says about agencies. */
type AgencyRoles = {
  /** The roles that endpoints of an agency may hold; undefined when there is no such agency. */
  rolesOf(agency: string): readonly string[] | undefined;
};

type TokenRequest = {
  readonly endpoint: EndpointAddress;
  readonly roles: readonly string[];
  /** Default 24 hours, at most 30 days. */
  readonly lifetimeMs?: number | undefined;
  /** The person who issues it, for the record. */
  readonly by?: string;
};

type IssuedToken = {
  /** The token as it is handed over. The gateway keeps only a digest of its secret. */
  readonly token: string;
  readonly endpoint: EndpointAddress;
  readonly roles: readonly string[];
  /** Ms since 1970. */
  readonly expiresAt: number;
};

/**
 * Issues a token and keeps its permit. Any other token for the same endpoint stops being good, a used one too, with which an enrolment could be repeated.
 * @throws CausewayError `agency-unknown`, `request-malformed`
 */
export async function issueEnrolmentToken(
  request: TokenRequest,
  deps: {
    readonly store: Pick<Store, 'permitEnrolment'>;
    readonly agencies: AgencyRoles;
    readonly authorityFingerprint: Digest;
    /** Kept outside the store. */
    readonly auditKey: Uint8Array;
    readonly now: () => number;
  },
): Promise<IssuedToken> {
  const { endpoint, lifetimeMs = defaultTokenLifetimeMs, by } = request;
  const roles = [...new Set(request.roles)];
  checkRoles(endpoint, roles, deps.agencies);
  if (!(lifetimeMs > 0 && lifetimeMs <= maxTokenLifetimeMs)) {
    throw new CausewayError('request-malformed', { detail: 'A token is good for at most 30 days.' });
  }
  const expiresAt = deps.now() + lifetimeMs;
  const expires = new Date(expiresAt).toISOString();
  const secret = createPermitSecret(deps.auditKey, { endpoint, roles, expiresAt });
  const secretDigest = digestSecret(secret);
  await deps.store.permitEnrolment(
    { secretDigest, endpoint, roles, expiresAt },
    {
      ...{ kind: 'enrolment.permitted', endpoint, roles, expires },
      tokenDigest: secretDigest.toString('base64url'),
      ...(by === undefined ? {} : { by }),
    },
  );
  const token = encodeEnrolmentToken({ endpoint, secret, ca: deps.authorityFingerprint, expires });
  return { token, endpoint, roles, expiresAt };
}

/** What the gateway keeps of a token's secret. */
export function digestSecret(secret: string): Buffer {
  return sha256(Buffer.from(secret, 'utf8'));
}

function checkRoles(endpoint: EndpointAddress, roles: readonly string[], agencies: AgencyRoles): void {
  const agency = agencyOf(endpoint);
  const allowed = agency === 'gateway' ? undefined : agencies.rolesOf(agency);
  if (allowed === undefined) throw new CausewayError('agency-unknown', { detail: `It is ${agency}.` });
  const strange = roles.filter((role) => !allowed.includes(role));
  if (strange.length === 0 && roles.length <= 16) return;
  throw new CausewayError('request-malformed', {
    detail:
      strange.length === 0
        ? 'An endpoint holds at most 16 roles.'
        : `The sharing agreement does not give ${agency} the role ${strange.join(', ')}; it may hold ${allowed.join(', ')}.`,
  });
}
