/** What a leaf says, and its text. `leaf.ts` tells the form in words and reads it. */
import type { ErrorCode } from '../errors.ts';
import type { Digest, EndpointAddress, MessageId } from '../id-forms.ts';

export type Leaf = {
  kind: string;
  /** When it was committed, ms since 1970. */
  at: number;
  message?: MessageId | undefined;
  /** SHA-256 of the envelope's bytes. */
  envelope?: Digest | undefined;
  of?: number | undefined;
  nth?: number | undefined;
  receipt?: Digest | undefined;
  code?: ErrorCode | undefined;
  endpoint?: EndpointAddress | undefined;
  /** See `directoryEntryDigest`. */
  entry?: Digest | undefined;
  /** Digest of the sharing agreement. */
  policy?: Digest | undefined;
  commitment?: Digest | undefined;
};

type OpenField = Exclude<keyof Leaf, 'kind' | 'at' | 'commitment'>;

/** The fields that may stand in the open, in their order, behind `kind` and `at`. */
const openFields = Object.keys({
  message: true,
  envelope: true,
  of: true,
  nth: true,
  receipt: true,
  code: true,
  endpoint: true,
  entry: true,
  policy: true,
} satisfies Record<OpenField, true>) as readonly OpenField[];

/**
 * The text of a leaf; its UTF-8 bytes are the entry of the log.
 * The two that are most of all leaves, acceptances and steps of deliveries, are written by {@link encodeAcceptance} and
 * {@link encodeDelivery} with the same outcome.
 */
export function encodeLeaf(leaf: Leaf): string {
  const ordered: Record<string, unknown> = { kind: leaf.kind, at: leaf.at };
  for (const name of openFields) if (leaf[name] !== undefined) ordered[name] = leaf[name];
  if (leaf.commitment !== undefined) ordered.commitment = leaf.commitment;
  return JSON.stringify(ordered);
}

/** As {@link encodeLeaf} for an acceptance. */
export function encodeAcceptance(
  at: number,
  message: MessageId,
  envelope: Digest,
  commitment: Digest,
): string {
  return `{"kind":"message.accepted","at":${at},"message":"${message}","envelope":"${envelope}","commitment":"${commitment}"}`;
}

/** As {@link encodeLeaf} for a step of a delivery. */
export function encodeDelivery(state: string, at: number, of: number, nth: number, receipt?: Digest): string {
  const end = receipt === undefined ? '}' : `,"receipt":"${receipt}"}`;
  return `{"kind":"delivery.${state}","at":${at},"of":${of},"nth":${nth}${end}`;
}
