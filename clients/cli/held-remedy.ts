/** What sets a notice free that is held, in words. */
import { catalogue } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { HeldNotice } from '../sdk/events.ts';

/** What a person can do, or what the notice waits for. */
export function remedyOf({ code, from }: HeldNotice): string {
  switch (code) {
    case 'key-unknown':
    case 'key-changed':
      return trustRemedy(from);
    case 'dataset-unknown':
      return 'it comes again once the agreement has its data set, and this endpoint a new session.';
    case 'dataset-unavailable':
      return 'its data set cannot be read from the gateway at present. It is tried again by itself, by whatever listens.';
    case 'home-invalid':
      return 'openpgp.key has lost the private key that it is encrypted to: put it back from a backup, and start again.';
    case 'signing-key-unknown':
      return `${from} signed it with a key that this home does not know. It comes again once new keys of ${from} are trusted; if ${from} has no others, ask it to send it again.`;
    default:
      return isTriedAgain({ code })
        ? 'it cannot be opened here at present. It is tried again by itself, by whatever listens.'
        : 'it comes again in a later session.';
  }
}

/** True where what is in its way may pass by itself. */
export function isTriedAgain({ code }: Pick<HeldNotice, 'code'>): boolean {
  return catalogue[code].retryable;
}

/** What a person does where the keys of an endpoint are not trusted yet. */
export function trustRemedy(endpoint: EndpointAddress): string {
  return `compare the fingerprint with ${endpoint}, by telephone, then: causeway directory trust ${endpoint} --fingerprint …`;
}
