/** Sizes, counts and times that both sides enforce at the edge. The welcome repeats them. */

/** The most that a welcome counts as `pending`: it stands for as many or more. */
export const mostPending = 10_000;

export const subprotocol = 'causeway.v1';
export const socketPath = '/v1/socket';

const kib = 1024;
const mib = 1024 * kib;

export const limits = {
  /** Bytes of one WebSocket frame, text or binary. */
  maxFrameBytes: 4 * mib,
  /** Bytes of a JSON control frame. */
  maxControlBytes: 16 * kib,
  /** Units in one binary frame. */
  maxUnits: 256,
  /** Bytes of an envelope's JSON. */
  maxEnvelopeBytes: 64 * kib,
  /** Bytes of an OpenPGP payload. Larger ones are for attachments. */
  maxPayloadBytes: mib,
  /** Envelopes under one batch signature. */
  maxBatch: 64,
  /** Recipients of one message, after roles are resolved. */
  maxRecipients: 32,
  /** Submitted units of one session that may be unanswered, and receipt frames that may be untaken. */
  maxUnanswered: 1024,
  /** Deliveries a client may grant at once. */
  maxCredit: 4096,
  /** How far ahead of the gateway's clock an envelope's time may be. */
  maxClockSkewMs: 5 * 60_000,
  /** The longest time between an envelope's `time` and its `expires`. */
  maxLifetimeMs: 90 * 24 * 3600_000,
  /** Absolute time for `hello`, from the opening of the socket. */
  helloTimeoutMs: 5_000,
  /** A ping is sent this often; one that is unanswered when the next is due ends the session. */
  pingIntervalMs: 20_000,
} as const;

/** Persons that one envelope may be about. It belongs to the form of an envelope, so the welcome does not repeat it. */
export const maxSubjects = 16;

export type Limits = { readonly [K in keyof typeof limits]: number };
