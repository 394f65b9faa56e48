/**
 * The keys that verify a message: its sender's present ones, or former ones where it was sent before they ended.
 *
 * A message made before its sender was revoked or enrolled again is still shown: the gateway took it while those keys
 * were in order, and a concern about a child must not vanish because a key was retired.
 */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { SigningKey } from '../../protocol/proof/signing.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import { formerKeptMs, type FormerEntry } from './pin-table.ts';
import type { TrustedKeys } from './trusted-keys.ts';

/** A signing key ready to verify with, and the entries that have it: the OpenPGP key of one of them signed the content. */
export type SenderKeys = { readonly entries: readonly DirectoryEntry[]; readonly signingKey: SigningKey };

/** What a message says of its making. */
export type MadeBy = Pick<Envelope, 'source' | 'time' | 'signingKey'>;

/** What this endpoint knows of its senders. */
type Known = {
  readonly keys: TrustedKeys;
  /** See `PinTable.readFormer`. */
  readonly former: (endpoint: EndpointAddress) => FormerEntry[];
  readonly now: () => number;
};

/**
 * Finds them.
 * @param entry the sender's, as the directory was last read
 * @throws CausewayError `key-unknown`, `key-changed` and `endpoint-revoked`; `signing-key-unknown` where the keys are
 *   former ones that do not count here, or new ones that were not read yet
 */
export function findSenderKeys(
  { source, time, signingKey: keyId }: MadeBy,
  entry: DirectoryEntry | undefined,
  { keys, former, now }: Known,
): SenderKeys {
  if (entry === undefined) throw new CausewayError('key-unknown');
  // The sender's clock may have been ahead by as much. It says the time itself, so whoever has stolen keys can date a
  // message back, and only the second condition ends that where the gateway is not honest.
  const mayCount = (endedAt: string): boolean =>
    Date.parse(time) < Date.parse(endedAt) + limits.maxClockSkewMs &&
    now() < Date.parse(endedAt) + formerKeptMs;
  const signingKeyOf = (owner: DirectoryEntry): SigningKey => keys.signingKey(owner.signingKey);
  const past = former(source)
    .filter((one) => signingKeyOf(one.entry).keyId === keyId && mayCount(one.endedAt))
    .map((one) => one.entry);
  if (signingKeyOf(entry).keyId === keyId) {
    const trust = keys.judge(entry);
    if (trust !== 'trusted') throw new CausewayError(`key-${trust}`);
    if (entry.revokedAt !== null && !mayCount(entry.revokedAt)) throw new CausewayError('endpoint-revoked');
    // Its owner may have changed the OpenPGP key alone.
    return { entries: [entry, ...past], signingKey: signingKeyOf(entry) };
  }
  const [found] = past;
  if (found === undefined) throw new CausewayError('signing-key-unknown');
  return { entries: past, signingKey: signingKeyOf(found) };
}
