/**
 * The error catalogue: every failure that crosses a boundary has one stable code.
 *
 * A code never changes its meaning. `docs/errors.md` lists the same table and a test compares the two.
 */

/** What a code means to a machine: where it surfaces and whether trying again can help. */
export type CatalogueEntry = {
  /** HTTP status when the error answers a request. */
  readonly httpStatus: number;
  /** WebSocket close code; `null` where the error never closes a session. */
  readonly closeCode: number | null;
  /**
   * True when the same bytes may succeed later without anybody changing anything. It never changes for a code by which a
   * message was ever refused: the audit log keeps the code alone, and whether the store must still hold such a refusal is
   * judged by what stands here today.
   */
  readonly retryable: boolean;
  /** One plain sentence that names no person and no content. */
  readonly text: string;
};

const entry = (
  httpStatus: number,
  closeCode: number | null,
  retryable: boolean,
  text: string,
): CatalogueEntry => ({
  httpStatus,
  closeCode,
  retryable,
  text,
});

/** Code → meaning. Grouped by where the error arises. */
export const catalogue = {
  // Session
  'protocol-unsupported': entry(426, 4426, false, 'The WebSocket subprotocol causeway.v1 is required.'),
  'origin-forbidden': entry(403, null, false, 'Pages in a browser may not open sessions.'),
  'hello-expected': entry(400, 4400, false, 'The first frame of a session must be hello.'),
  'hello-timeout': entry(408, 4408, true, 'No hello arrived within the time allowed.'),
  'frame-malformed': entry(400, 4400, false, 'A frame does not have the form the protocol prescribes.'),
  'frame-unexpected': entry(
    400,
    4400,
    false,
    'This frame is not allowed in the present state of the session.',
  ),
  'frame-too-large': entry(413, 1009, false, 'A frame is larger than the limit in the welcome.'),
  'slow-consumer': entry(503, 4413, true, 'The client did not read fast enough.'),
  'window-exceeded': entry(429, 4429, true, 'More submissions are unanswered than the welcome allows.'),
  'too-many-sessions': entry(429, 4429, true, 'The endpoint or its agency has too many sessions open.'),
  'session-expired': entry(401, 4401, true, 'The certificate of this session has expired or was replaced.'),
  'peer-silent': entry(408, 4408, true, 'The peer did not answer in time.'),
  draining: entry(503, 1001, true, 'The gateway is shutting down; reconnect.'),
  'internal-error': entry(500, 1011, true, 'The gateway failed; the failure was logged.'),
  // Identity
  'certificate-required': entry(401, 4401, false, 'A client certificate is required.'),
  'certificate-invalid': entry(
    401,
    4401,
    false,
    'The client certificate was not issued by this gateway, has expired or has the wrong usage.',
  ),
  'certificate-unknown': entry(
    403,
    4403,
    false,
    'The client certificate is not the one on record for its endpoint.',
  ),
  'endpoint-revoked': entry(403, 4403, false, 'The endpoint has been revoked.'),
  'endpoint-unknown': entry(404, null, false, 'There is no such endpoint.'),
  'agency-unknown': entry(404, null, false, 'There is no such agency.'),
  'token-invalid': entry(403, null, false, 'The token is not valid.'),
  'token-expired': entry(403, null, false, 'The enrolment token has expired.'),
  'token-used': entry(403, null, false, 'The enrolment token has already been used.'),
  'request-malformed': entry(400, null, false, 'The request does not have the form the protocol prescribes.'),
  'request-too-large': entry(413, null, false, 'The request is larger than the gateway accepts.'),
  'rate-limited': entry(429, 4429, true, 'Too many requests; wait before the next one.'),
  'not-found': entry(404, null, false, 'There is nothing at this address.'),
  'key-unsuitable': entry(
    422,
    null,
    false,
    'The OpenPGP certificate must be version 6 with an AEAD-capable encryption key.',
  ),
  'request-signature-invalid': entry(
    422,
    null,
    false,
    'The certificate signing request or the proof of the envelope key does not verify.',
  ),
  // Submission: one message refused, its neighbours unharmed
  'envelope-malformed': entry(400, null, false, 'The envelope does not match its schema.'),
  'envelope-too-large': entry(413, null, false, 'The envelope is larger than the limit in the welcome.'),
  'source-mismatch': entry(403, null, false, 'The envelope names a source other than the sender.'),
  'clock-skew': entry(
    400,
    null,
    false,
    'The envelope was made in the future: check the clock of the sender.',
  ),
  'envelope-expired': entry(
    410,
    null,
    false,
    'The envelope expired before it was accepted: the clock of the sender may be behind.',
  ),
  'lifetime-too-long': entry(
    400,
    null,
    false,
    'The envelope asks to be kept longer than the gateway allows.',
  ),
  'payload-missing': entry(400, null, false, 'The message carries no payload.'),
  'payload-too-large': entry(413, null, false, 'The payload is larger than the limit in the welcome.'),
  'payload-mismatch': entry(400, null, false, 'The payload is not the one that the envelope describes.'),
  'payload-not-encrypted': entry(422, null, false, 'The payload is not an encrypted OpenPGP message.'),
  'encryption-unsupported': entry(
    422,
    null,
    false,
    'The payload is not encrypted with AEAD (SEIPD version 2 and PKESK version 6 are required).',
  ),
  'recipient-keys-mismatch': entry(
    422,
    null,
    false,
    'The payload is not encrypted to exactly the keys of its recipients.',
  ),
  'attachments-unsupported': entry(422, null, false, 'Attachments are not supported by this gateway.'),
  'proof-malformed': entry(400, null, false, 'The proof does not have the form the protocol prescribes.'),
  'proof-invalid': entry(
    403,
    null,
    false,
    'The proof does not tie this envelope to a signature of its sender.',
  ),
  'signing-key-unknown': entry(403, null, false, 'The envelope names a signing key that is not on record.'),
  'recipient-unknown': entry(404, null, false, 'A recipient is not in the directory.'),
  'recipient-revoked': entry(410, null, false, 'A recipient has been revoked.'),
  'category-unknown': entry(422, null, false, 'The sharing agreement has no such category.'),
  'dataset-unknown': entry(422, null, false, 'The sharing agreement has no such data set.'),
  'policy-denied': entry(403, null, false, 'The sharing agreement does not permit this message.'),
  'id-conflict': entry(409, null, false, 'A different message with this id has been submitted before.'),
  'store-unavailable': entry(503, null, true, 'The gateway cannot write durably at present.'),
  // Receipts
  'receipt-malformed': entry(400, null, false, 'A receipt does not have the form the protocol prescribes.'),
  'receipt-invalid': entry(403, null, false, 'A receipt is not signed by the endpoint that sent it.'),
  'receipt-unmatched': entry(
    404,
    null,
    false,
    'A receipt does not match a delivery to the endpoint that sent it.',
  ),
  // Client side
  'home-exists': entry(409, null, false, 'Something stands in that place already; nothing was overwritten.'),
  'home-in-use': entry(409, null, true, 'Another enrolment into this folder is under way.'),
  'home-invalid': entry(500, null, false, 'The folder does not hold a usable identity.'),
  'clock-wrong': entry(500, null, false, 'A key is dated in the future: check the clock of this machine.'),
  'gateway-untrusted': entry(
    502,
    null,
    false,
    'The gateway is not the one that the token or the identity names.',
  ),
  'gateway-unreachable': entry(503, null, true, 'The gateway cannot be reached.'),
  'error-unknown': entry(
    502,
    null,
    true,
    'The gateway reports an error that this version of Causeway does not know.',
  ),
  'key-unknown': entry(409, null, false, 'The key of the other endpoint has not been trusted yet.'),
  'key-changed': entry(
    409,
    null,
    false,
    'The key of the other endpoint differs from the one trusted before.',
  ),
  'key-expired': entry(409, null, false, 'An encryption key has expired, or is not valid yet.'),
  'key-unproven': entry(
    409,
    null,
    true,
    'The key of the other endpoint has not been found in the audit log yet.',
  ),
  'log-halted': entry(
    409,
    null,
    false,
    'The audit log of the gateway has contradicted itself; nothing is sent until a person decides.',
  ),
  'payload-undecryptable': entry(
    422,
    null,
    false,
    'The payload cannot be decrypted with the keys of this endpoint.',
  ),
  'payload-unsigned': entry(422, null, false, 'The payload is not signed by the sender of its envelope.'),
  'payload-misdirected': entry(
    422,
    null,
    false,
    'The payload was made for another message or other recipients.',
  ),
  'content-malformed': entry(
    422,
    null,
    false,
    'The decrypted content does not have the form the protocol prescribes.',
  ),
  'dataset-invalid': entry(422, null, false, 'The content does not match the schema of its data set.'),
  'dataset-unavailable': entry(503, null, true, 'The data set of a notice cannot be read at present.'),
  'state-unavailable': entry(
    503,
    null,
    true,
    'The state of this endpoint cannot be written durably at present.',
  ),
  'file-unavailable': entry(503, null, true, 'A file or a folder cannot be read or written.'),
  'file-in-use': entry(409, null, true, 'Another command is changing this file; nothing was changed here.'),
  'linkage-key-missing': entry(409, null, false, 'This endpoint has no linkage key to make tokens with.'),
  'linkage-holder-unavailable': entry(
    503,
    null,
    true,
    'A holder of the linkage key did not give a usable answer.',
  ),
  'holder-in-use': entry(409, null, false, 'Another process works on the folder of this holder.'),
  'outbox-full': entry(507, null, true, 'The outbox has reached its limit.'),
  'client-closed': entry(409, null, false, 'The client has been closed.'),
  aborted: entry(499, null, true, 'The operation was aborted by its caller.'),
  'usage-invalid': entry(400, null, false, 'The command was not used as its help describes.'),
  // Configuration
  'configuration-invalid': entry(500, null, false, 'The configuration is not valid.'),
  'policy-invalid': entry(500, null, false, 'The policy folder is not valid.'),
  'store-incompatible': entry(500, null, false, 'The store was written by a different version.'),
  'store-damaged': entry(500, null, false, 'The file of the store is damaged, or is no store.'),
  'store-missing': entry(500, null, false, 'The store of this gateway is not where it should be.'),
  'store-in-use': entry(409, null, false, 'Another gateway runs on this store.'),
  'store-not-moved': entry(409, null, false, 'The store was not moved, or not to the end.'),
  'lease-lost': entry(409, null, false, 'Another gateway has taken over this task.'),
  'case-unknown': entry(404, null, false, 'There is no such case.'),
  'case-pending': entry(409, null, false, 'Messages of the case are still on their way.'),
  // Audit log
  'note-malformed': entry(
    400,
    null,
    false,
    'A signed note, a checkpoint or a verifier key does not have the form of its standard.',
  ),
  'note-untrusted': entry(
    403,
    null,
    false,
    'No trusted key has signed the note, or the signature of a trusted key does not verify.',
  ),
  'note-uncosigned': entry(
    403,
    null,
    false,
    'The log has signed the checkpoint, but too few of the known witnesses have cosigned it.',
  ),
  'log-foreign': entry(403, null, false, 'The checkpoint is that of another log.'),
  'log-malformed': entry(
    422,
    null,
    false,
    'A tile, an entry bundle or a path of the log does not have the form of its standard.',
  ),
  'log-proof-malformed': entry(
    400,
    null,
    false,
    'A proof about the log does not have the form of its standard.',
  ),
  'log-proof-invalid': entry(422, null, false, 'A proof about the log does not lead to its checkpoint.'),
  'evidence-malformed': entry(400, null, false, 'The evidence does not have the form that is prescribed.'),
  'message-unknown': entry(404, null, false, 'There is no message with this id.'),
  'log-unreadable': entry(503, null, true, 'A file of the log, a proof or a key cannot be read.'),
  'log-forked': entry(409, null, false, 'The log does not continue what was published of it.'),
  'log-frozen': entry(503, null, true, 'The log lacks what the gateway has taken since its checkpoint.'),
  'witness-refused': entry(502, null, true, 'A witness refused to cosign a checkpoint.'),
  'witness-unreachable': entry(502, null, true, 'A witness cannot be reached.'),
} as const satisfies Record<string, CatalogueEntry>;
