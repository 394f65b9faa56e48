/** The keys that this endpoint was told to trust, each endpoint's newest last, and its own. */
import type { EndpointAddress } from '../../protocol/ids.ts';
import { signingKeyFromRaw, type SigningKey } from '../../protocol/proof/signing.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Pin } from './pin-table.ts';

export class TrustedKeys {
  readonly #self: Pin;
  readonly #pins = new Map<EndpointAddress, Pin[]>();
  readonly #signingKeys = new Map<string, SigningKey>();

  /** @param self this endpoint's own keys, which need nobody's trust */
  constructor(self: Pin) {
    this.#self = self;
  }

  /** Forgets what there was. @param pins the oldest first */
  replace(pins: readonly Pin[]): void {
    this.#pins.clear();
    for (const pin of [this.#self, ...pins]) this.add(pin);
  }

  add(pin: Pin): void {
    this.#pins.set(pin.endpoint, [...(this.#pins.get(pin.endpoint) ?? []), pin]);
  }

  /** `changed`: another key than the one trusted. */
  judge({
    endpoint,
    openpgpFingerprint,
    signingKey,
  }: Pick<DirectoryEntry, 'endpoint' | 'openpgpFingerprint' | 'signingKey'>):
    'trusted' | 'unknown' | 'changed' {
    const pin = this.#pins.get(endpoint)?.at(-1);
    if (pin === undefined) return 'unknown';
    const isSame = pin.openpgpFingerprint === openpgpFingerprint && pin.signingKey === signingKey;
    return isSame ? 'trusted' : 'changed';
  }

  /** Every signing key of an endpoint that was ever trusted, the newest first. */
  signingKeysOf(endpoint: EndpointAddress): SigningKey[] {
    const raw = new Set((this.#pins.get(endpoint) ?? []).map((pin) => pin.signingKey).reverse());
    return [...raw].map((key) => this.signingKey(key));
  }

  /** A signing key ready to verify with. @param raw Ed25519, base64url */
  signingKey(raw: string): SigningKey {
    const known = this.#signingKeys.get(raw);
    if (known !== undefined) return known;
    const key = signingKeyFromRaw(Buffer.from(raw, 'base64url'));
    this.#signingKeys.set(raw, key);
    return key;
  }
}
