/** Builds the parts of a client from its home and joins them. */
import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { gatewayAddress, type EndpointAddress, type Fingerprint } from '../../protocol/ids.ts';
import { VerifiedRoots } from '../../protocol/proof/batch-proof.ts';
import { batchSigner, signingKeyFromRaw, type SigningKey } from '../../protocol/proof/signing.ts';
import { directoryResponseSchema } from '../../protocol/wire/directory.ts';
import { limits as protocolLimits } from '../../protocol/limits.ts';
import { pause as pauseInTime } from './abort.ts';
import { buildLog } from './log/build-log.ts';
import type { ClientLog } from './log/client-log.ts';
import { LogFaults } from './log/log-faults.ts';
import type { ConnectOptions } from './client-options.ts';
import { ClientRun, type RunningParts } from './client-run.ts';
import type { ComposeContext } from './compose.ts';
import { DatasetBook, type FetchJson } from './datasets/dataset-book.ts';
import { ClientDirectory } from './directory.ts';
import { ClientEmitter } from './events.ts';
import { claimState, findForeignParts } from './foreign-parts.ts';
import { FalseReceipts } from './false-receipts.ts';
import { GatewayClock } from './gateway-clock.ts';
import { requestGateway } from './gateway-request.ts';
import { claimHolder, newHolder } from './holder.ts';
import { openHome, type Home } from './home.ts';
import { KnownLimits } from './heeded-limits.ts';
import { Inbox, type InboxDependencies } from './inbox.ts';
import { LadderTable } from './ladder-table.ts';
import { LostMessages } from './lost-messages.ts';
import { SubjectLinkage } from './linkage/subject-linkage.ts';
import { LiveQueue } from './live-queue.ts';
import { silentLog, type Log } from './logger.ts';
import { MessageFault, openPayload } from './open-payload.ts';
import { readOpenpgpIdentity, type OpenpgpIdentity } from './openpgp.ts';
import { Outbox } from './outbox.ts';
import { readRenewalRefusal, type RenewalRefusal } from './renewal-refusal.ts';
import { ReceiptBook, type ReceiptEvent } from './receipt-book.ts';
import { ReceiptSender } from './receipt-sender.ts';
import { StateDatabase } from './state-database.ts';

/** What a {@link Client} is made of. */
export type ClientParts = RunningParts & {
  readonly state: StateDatabase;
  readonly receiptEvents: LiveQueue<ReceiptEvent>;
  readonly ladder: LadderTable;
  readonly log: ClientLog;
  readonly run: ClientRun;
  readonly composing: ComposeContext;
  readonly certificateEndsAt: () => number;
  readonly renewalRefusal: () => RenewalRefusal | undefined;
  readonly foreignParts: () => readonly string[];
};

const mib = 1024 * 1024;
/** A request that is not answered must keep none of the others waiting: the directory, data sets, the log and its tiles. */
const mostConnections = 4;
/** After this long without a request, a connection is closed. */
const idleMs = 5_000;
/** How many receipts a loop over `receipts()` may leave unread. */
const maxUnreadReceipts = 10_000;
const receiptsDropped =
  'This is about a loop over receipts(): it has lost its oldest, the session goes on, and messages() knows all.';

/** What a home gives: the identity, its keys ready to use, and the state. */
type Ground = {
  readonly endpoint: EndpointAddress;
  readonly openpgp: OpenpgpIdentity;
  /** The same with the private subkey for one of these keys, which may have been made since. */
  readonly openpgpFor: (recipientKeys: readonly Fingerprint[]) => Promise<OpenpgpIdentity>;
  readonly signer: ReturnType<typeof batchSigner>;
  readonly gatewayKey: SigningKey;
  readonly state: StateDatabase;
  readonly emitter: ClientEmitter;
  readonly limits: KnownLimits;
  /** What is wrong with the log, and with receipts. */
  readonly faults: LogFaults;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly report: (error: unknown) => void;
  /** The home as last read, and as it is on disk now. */
  readonly home: () => Home;
  readonly readHome: () => Promise<Home>;
  readonly fetchJson: FetchJson;
  /** For all requests of this client: a handshake costs the gateway more than they do. */
  readonly agent: Agent;
  readonly closing: AbortController;
};

/** Opens the home and builds everything; nothing is connected yet. @throws CausewayError `home-invalid`, `store-damaged` */
export async function buildParts(options: ConnectOptions): Promise<ClientParts> {
  const ground = await openGround(options);
  try {
    claimState(ground.state, ground.endpoint);
    return joinParts(ground, options);
  } catch (error) {
    await ground.state.close();
    throw error;
  }
}

function joinParts(ground: Ground, options: ConnectOptions): ClientParts {
  const { state, endpoint, openpgp, signer, gatewayKey, emitter, limits, now, report } = ground;
  const clock = new GatewayClock(now);
  const earliest = () => clock.earliest();
  const holder = newHolder();
  const datasets = new DatasetBook(state, ground.fetchJson);
  const followedLog = buildLog(ground, {
    follow: options.follow,
    directory: () => directory,
    ...{ onHalt: () => run.halt(), onResume: () => run.resume(), onDoubtOver: () => run.doubtOver() },
    onLost: (sign, rows) => lost.found(sign, rows),
  });
  const directory = buildDirectory(ground, earliest, followedLog, (endpoints) => run.trusted(endpoints));
  const outbox = new Outbox({
    ...{ state, signer, holder, now, earliest, random: ground.random, limits },
    ...{ log: followedLog, maxWaiting: options.maxWaiting ?? 100_000, report },
    onLost: () => run.foundLoss(),
  });
  const lost = new LostMessages({ state, outbox, holder, now, earliest });
  const receiptSender = new ReceiptSender({ self: endpoint, state, signer, log: followedLog });
  const inbox = new Inbox({
    ...{ state, emitter, report, self: endpoint, receipts: receiptSender, now, earliest },
    window: Math.min(protocolLimits.maxCredit, Math.max(1, options.window ?? 256)),
    maxBytes: options.maxBytesInHand ?? 64 * mib,
    open: buildOpening(ground, directory, datasets),
  });
  const receiptEvents = new LiveQueue<ReceiptEvent>(maxUnreadReceipts, () =>
    emitter.emit('problem', new CausewayError('slow-consumer', { detail: receiptsDropped })),
  );
  const receiptBook = new ReceiptBook({
    ...{ state, directory, outbox, emitter, now, gatewayKey },
    maxHeld: options.maxHeldReceipts ?? 10_000,
    onReceipt: (receipt) => {
      if (isByDirectory(receipt)) run.refusedByDirectory();
      receiptEvents.push(receipt);
    },
    falseReceipts: buildFalseReceipts(ground),
    onLost: () => run.foundLoss(),
  });
  const run = new ClientRun({
    ...{ state, directory, datasets, emitter, outbox, lost, inbox, receiptSender, receiptBook, now, report },
    ...{ endpoint, random: ground.random, log: ground.log, readHome: ground.readHome, followedLog, limits },
    ...{ clock, clientName: options.clientName ?? 'causeway-sdk', receiptKeyId: gatewayKey.keyId },
    renewCertificate: options.renewCertificate ?? true,
    ...{ holder, releaseHolder: claimHolder(holder), closing: ground.closing },
    onClosed: () => receiptEvents.close(),
  });
  return {
    ...{ endpoint, directory, datasets, emitter, outbox, lost, inbox, receiptSender, receiptEvents, run },
    ...{ state, ladder: new LadderTable(state.statements), log: followedLog },
    composing: {
      ...{ self: endpoint, openpgp, signer, directory, datasets, limits, now, gatewayNow: () => clock.now() },
      linkage: new SubjectLinkage(options.home),
    },
    certificateEndsAt: () => new X509Certificate(ground.home().tlsCertificatePem).validToDate.getTime(),
    renewalRefusal: () => readRenewalRefusal(state.statements),
    foreignParts: () => foreignPartsOf(ground, directory),
  };
}

function buildFalseReceipts({ state, faults, report }: Ground): FalseReceipts {
  return new FalseReceipts({
    ...{ state, report },
    isRaised: (subject) => faults.isKnown('receipt', subject),
    raise: (fault) => faults.raise('receipt', fault),
  });
}

/** Verifies and decrypts. What would be held or refused for good is looked at once more, by the present directory. */
function buildOpening(
  ground: Ground,
  directory: ClientDirectory,
  datasets: DatasetBook,
): InboxDependencies['open'] {
  const verified = new VerifiedRoots();
  return async (unit, envelope) => {
    const openpgp = await ground.openpgpFor(envelope.recipientKeys);
    const context = { self: ground.endpoint, ...{ directory, datasets, verified, openpgp } };
    const { version } = directory;
    const opened = await openPayload(unit, envelope, context);
    if (!(opened instanceof MessageFault)) return opened;
    const isNew = (await directory.reading.catchUp()) || directory.version !== version;
    return isNew ? openPayload(unit, envelope, context) : opened;
  };
}

function foreignPartsOf(
  { endpoint, state, home, openpgp, signer }: Ground,
  directory: ClientDirectory,
): readonly string[] {
  return findForeignParts({
    ...{ endpoint, entry: directory.entryOf(endpoint), state: state.statements },
    tlsCertificatePem: home().tlsCertificatePem,
    openpgpFingerprint: openpgp.fingerprint,
    signingKey: signer.publicKey.raw.toString('base64url'),
  });
}

const refusedByDirectory: readonly ReceiptEvent['code'][] = [
  'recipient-keys-mismatch',
  'recipient-revoked',
  'recipient-unknown',
];

/** True for a refusal by an entry of the gateway's directory, or for want of one, which may not have been read here. */
function isByDirectory({ issuer, code }: ReceiptEvent): boolean {
  return issuer === gatewayAddress && refusedByDirectory.includes(code);
}

async function openGround(options: ConnectOptions): Promise<Ground> {
  const { now = Date.now, random = Math.random, pause = pauseInTime, log = silentLog } = options;
  let home = await openHome(options.home);
  const emitter = new ClientEmitter(log);
  const closing = new AbortController();
  const agent = new Agent({ keepAlive: true, maxSockets: mostConnections, timeout: idleMs });
  closing.signal.addEventListener('abort', () => agent.destroy(), { once: true });
  const readHome = async () => (home = await openHome(options.home));
  const openpgp = await readOpenpgpIdentity(home.openpgpPrivateKey);
  let renewed = openpgp;
  const state = new StateDatabase(home.dir);
  return {
    endpoint: home.endpoint,
    openpgp,
    openpgpFor: async (recipientKeys) => {
      if (recipientKeys.some((key) => renewed.encryptionKeys.includes(key))) return renewed;
      try {
        const { openpgpPrivateKey } = await readHome();
        return (renewed = await readOpenpgpIdentity(openpgpPrivateKey));
      } catch (cause) {
        // The message must not be refused because the folder cannot be read at present.
        throw new CausewayError('state-unavailable', { cause });
      }
    },
    signer: batchSigner(home.signingKeyPem),
    gatewayKey: signingKeyFromRaw(Buffer.from(home.receiptKey, 'base64url')),
    ...{ state, emitter },
    limits: new KnownLimits(),
    faults: new LogFaults({ homeDir: home.dir, state, emitter, now }),
    log,
    now,
    random,
    pause,
    report: (error) => {
      const typed = isCausewayError(error) ? error : new CausewayError('internal-error', { cause: error });
      log.warn({ code: typed.code }, 'something failed and will be tried again');
      emitter.emit('problem', typed);
    },
    home: () => home,
    readHome,
    fetchJson: async (path, schema) => {
      try {
        // Another process may have renewed the certificate.
        const request = requestTo(await readHome());
        return await requestGateway({ ...request, path, schema, agent, signal: closing.signal });
      } catch (error) {
        throw closing.signal.aborted ? new CausewayError('client-closed', { cause: error }) : error;
      }
    },
    ...{ agent, closing },
  };
}

function buildDirectory(
  { endpoint, openpgp, signer, state, emitter, now, random, pause, report, closing, fetchJson }: Ground,
  earliest: () => number,
  log: ClientLog,
  onTrusted: (endpoints: readonly EndpointAddress[]) => void,
): ClientDirectory {
  return new ClientDirectory({
    self: {
      endpoint,
      openpgpFingerprint: openpgp.fingerprint,
      signingKey: signer.publicKey.raw.toString('base64url'),
      trustedAt: 0,
    },
    ...{ state, emitter, now, earliest, random, pause, report, signal: closing.signal, onTrusted },
    halted: () => log.halted(),
    logFailure: () => log.status().lastError,
    onRead: (checkpoint) => void log.proveEntries(checkpoint ?? undefined),
    fetch: (since) =>
      fetchJson(`/v1/directory${since === undefined ? '' : `?since=${since}`}`, directoryResponseSchema),
  });
}

function requestTo({ gatewayUrl, authorityPem, tlsKeyPem, tlsCertificatePem }: Home) {
  return {
    gatewayUrl,
    tls: { ca: authorityPem, key: tlsKeyPem, cert: tlsCertificatePem },
    maxAnswerBytes: 64 * mib,
  };
}
