/** What one agency or endpoint may ask of the gateway, so that a flood of one is not felt by another. */
import { CausewayError } from '../../protocol/errors.ts';
import { agencyOf, type EndpointAddress } from '../../protocol/ids.ts';
import { AttemptLimit } from './attempt-limit.ts';
import type { QuotaSettings } from '../home/gateway-settings.ts';
import { mebibyte } from './mebibyte.ts';
import { TokenBuckets } from './token-buckets.ts';

const minuteMs = 60_000;
/** What reading the smallest frame costs the gateway, in bytes of a large one. */
const leastFrameBytes = 1_024;

/** Counts per agency, and refusals per endpoint. All share the code `rate-limited`. */
export class Quotas {
  readonly #bytes: TokenBuckets;
  readonly #failures: TokenBuckets;
  readonly #refusals: AttemptLimit;

  constructor(settings: QuotaSettings, now: () => number) {
    this.#bytes = new TokenBuckets(settings.agencyMebibytesPerMinute * mebibyte, minuteMs, now);
    this.#failures = new TokenBuckets(settings.agencyFailedVerificationsPerMinute, minuteMs, now);
    this.#refusals = new AttemptLimit(settings.endpointRefusalsPerMinute, minuteMs, now);
  }

  /** Before anything is spent on an endpoint. @throws CausewayError `rate-limited` while its agency has used up its share */
  admit(endpoint: EndpointAddress): void {
    const agency = agencyOf(endpoint);
    if (this.#bytes.isEmpty(agency)) throw limited('Its agency has sent too many bytes.');
    if (this.#failures.isEmpty(agency)) throw limited('Too many signatures of its agency did not verify.');
  }

  /** Bytes of a frame that arrived; a small one counts for a KiB. @throws CausewayError `rate-limited` */
  received(endpoint: EndpointAddress, bytes: number): void {
    this.admit(endpoint);
    this.#bytes.take(agencyOf(endpoint), Math.max(bytes, leastFrameBytes));
  }

  /** Signatures that were checked in vain. The next frame is refused once there were too many. */
  failedVerifications(endpoint: EndpointAddress, count: number): void {
    this.#failures.take(agencyOf(endpoint), count);
  }

  /**
   * Units about to be refused, or that had been submitted before: each leaves a line in the record for good. The next frame
   * is refused once there were too many; this one is answered, however many units it has, or its sender would send it again
   * for ever.
   */
  unwanted(endpoint: EndpointAddress, count: number): void {
    this.#refusals.add(endpoint, count);
  }

  /** Before a frame is examined. @throws CausewayError `rate-limited` while it could not leave its lines in the record */
  submitting(endpoint: EndpointAddress): void {
    this.#refusals.check(endpoint);
  }
}

function limited(detail: string): CausewayError {
  return new CausewayError('rate-limited', { detail });
}
