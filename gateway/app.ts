/** The gateway, put together: the only place that knows every room. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { isCausewayError } from '../protocol/errors.ts';
import type { Digest, EndpointAddress } from '../protocol/ids.ts';
import { batchSigner } from '../protocol/proof/signing.ts';
import { limits } from '../protocol/limits.ts';
import { AppliedAgreement } from './applied-agreement.ts';
import { Alerting } from './alerts/alerting.ts';
import type { PatternHolder } from './correlator/pattern-holder.ts';
import { DamagedMessages } from './damaged-messages.ts';
import { provenDirectory } from './proven-directory.ts';
import { AuditLog } from './audit/audit-log.ts';
import { indexFileName } from './audit/search-index.ts';
import { OutlivedIndex, outlivedWords } from './audit/outlived-index.ts';
import { Dispatcher } from './delivery/dispatcher.ts';
import type { DiskRoom } from './admission/disk-room.ts';
import { mebibyte } from './admission/mebibyte.ts';
import { Endings } from './endings/endings.ts';
import { FailureLog } from './failure-log.ts';
import { listen, urlOf } from './http/listen.ts';
import { buildGatewayServer, type GatewayServerDependencies } from './gateway-server.ts';
import type { EndpointDirectory } from './identity/directory.ts';
import { auditLogOptions } from './audit-log-options.ts';
import { IncidentRecord } from './incident-record.ts';
import { LifeRecords } from './life-records.ts';
import { openGateway, type GatewayOptions, type OpenedGateway } from './open-gateway.ts';
import type { PolicyHolder } from './policy/policy-holder.ts';
import { Quotas } from './admission/quotas.ts';
import { Reloading } from './reloading.ts';
import { Relay } from './relay/relay.ts';
import { withMeaning } from './relay/with-meaning.ts';
import { Intake } from './socket/intake.ts';
import { PendingWork } from './socket/pending-work.ts';
import { SessionRegistry } from './socket/session-registry.ts';
import type { SessionContext } from './socket/session.ts';
import type { Store } from './store/port.ts';
import { forOperator } from './store/store-damage.ts';
import { SubmissionGate } from './admission/submission-gate.ts';
import { watchRoom } from './watch-room.ts';

export type { GatewayOptions } from './open-gateway.ts';

export type RunningGateway = {
  /** `https://host:port`, by the first of the gateway's names. */
  readonly url: string;
  readonly port: number;
  /** Drains the sessions for at most this long, then stops. Default 5 s. */
  close(drainMs?: number): Promise<void>;
};

const defaultDrainMs = 5_000;

/**
 * Starts a gateway on its home and resolves once it listens.
 * @throws CausewayError `policy-invalid`, `configuration-invalid`, `home-invalid`, `clock-wrong`,
 * `store-missing`, `store-incompatible`, `store-damaged`, `store-unavailable`, `store-in-use`
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  try {
    const opened = await openGateway(options);
    try {
      return await new Gateway(options, opened).start();
    } catch (error) {
      await opened.close();
      throw error;
    }
  } catch (error) {
    throw forOperator(error, options.store ?? options.home.store);
  }
}

class Gateway {
  readonly #options: GatewayOptions;
  readonly #log: Logger;
  readonly #failures: FailureLog;
  readonly #now: () => number;
  readonly #store: Store;
  readonly #closeStore: () => Promise<void>;
  readonly #policy: PolicyHolder;
  readonly #directory: EndpointDirectory;
  readonly #dispatcher: Dispatcher;
  readonly #sessions: SessionRegistry;
  readonly #pending = new PendingWork();
  readonly #quotas: Quotas;
  readonly #endings: Endings;
  readonly #incidents: IncidentRecord;
  readonly #damaged: DamagedMessages;
  readonly #life: LifeRecords;
  readonly #relay: Relay;
  readonly #room: DiskRoom;
  readonly #gate: SubmissionGate;
  readonly #auditLog: AuditLog;
  readonly #index: OutlivedIndex;
  readonly #alerting: Alerting;
  readonly #patterns: PatternHolder;
  readonly #reloading: Reloading;
  readonly #applied: AppliedAgreement;
  #draining = false;

  constructor(options: GatewayOptions, opened: OpenedGateway) {
    const { store, policy, patterns, directory } = opened;
    this.#closeStore = opened.close;
    this.#options = options;
    this.#log = options.log;
    this.#failures = new FailureLog(options.log);
    this.#now = options.now ?? Date.now;
    this.#store = store;
    this.#policy = policy;
    this.#patterns = patterns;
    this.#directory = directory;
    const onError = (error: unknown): void => this.#failures.note(error);
    const parts = { store, now: this.#now, onError };
    this.#dispatcher = new Dispatcher(parts);
    this.#endings = new Endings({
      ...{ ...parts, log: options.log, newestLeafAt: opened.newestLeafAt },
      policy: () => this.#policy.current,
    });
    this.#incidents = new IncidentRecord(store, onError);
    this.#damaged = new DamagedMessages(options.log);
    this.#life = new LifeRecords(options, { store, onError });
    const quotas = { ...options.home.settings.quotas, ...options.quotas };
    this.#sessions = new SessionRegistry(quotas, this.#now);
    this.#quotas = new Quotas(quotas, this.#now);
    this.#relay = this.#createRelay();
    this.#room = watchRoom(options, {
      ...{ store, pending: this.#pending, onError },
      takeRefused: () => this.#gate.takeRefused(),
    });
    this.#gate = new SubmissionGate({
      relay: this.#relay,
      signer: batchSigner(options.home.storeKeys.receiptKeyPem),
      now: this.#now,
      level: () => this.#room.level,
      clockDoubt: () => this.#endings.clockDoubt,
      floorMebibytes: options.home.settings.freeDiskMebibytes,
      onRefused: (agency) =>
        this.#log.warn({ agency, code: 'store-unavailable' }, 'refused for now for want of disk space'),
    });
    this.#auditLog = new AuditLog(auditLogOptions(options.home, options.store), { onError });
    this.#index = this.#createIndexWatch();
    this.#alerting = new Alerting({
      ...parts,
      directory: provenDirectory({ ...parts, directory, auditLog: this.#auditLog, log: options.log }),
      patterns,
      isHeld: () => this.#endings.isHeld,
      keys: options.home.correlatorKeys,
      policy: () => policy.current,
      submit: async (sender, unit, lease, meaning) =>
        this.#relay.keep(withMeaning(this.#relay.examine(sender, [unit]), meaning), lease),
      log: options.log,
    });
    const inForce = (): Digest => policy.current.digest;
    this.#applied = new AppliedAgreement({ store, inForce, log: options.log });
    this.#reloading = new Reloading({
      ...{ store, directory, policy, patterns, applied: this.#applied, onError, log: options.log },
      onDirectory: (changed) => this.#sessions.directoryChanged(changed),
      onPolicy: () => this.#alerting.start(),
    });
  }

  async start(): Promise<RunningGateway> {
    const known = this.#store.listen({
      onReceipts: (endpoint, position, group) => this.#dispatcher.receiptsGrown(endpoint, position, group),
      onChange: (versions) => void this.#reloading.takeOver(versions),
      onDamaged: (message) => this.#damaged.note(message),
      onQueue: (endpoint) => this.#dispatcher.queueGrown(endpoint),
      onUntold: () => this.#readOn(),
      listening: () => this.#dispatcher.listening(),
    });
    this.#reloading.startFrom(known);
    // What others changed between the first reading and now was told to nobody, and nobody has connected yet.
    await Promise.all([this.#directory.reload(), this.#policy.reload()]);
    await this.#life.started(this.#policy.current.digest, this.#patterns.current);
    const app = await buildGatewayServer(this.#serverDependencies());
    const { settings } = this.#options.home;
    const host = this.#options.host ?? settings.host;
    await this.#life.orStopped(listen(app, host, this.#options.port ?? settings.port));
    try {
      await this.#startRooms();
    } catch (error) {
      // It listens already: left so, it would answer with a store that is closed, and nobody would start it again.
      await this.#close(app, 0).catch((more: unknown) => this.#failures.note(more));
      throw error;
    }
    const { port } = app.server.address() as AddressInfo;
    const url = urlOf(settings.hosts[0] ?? 'localhost', port);
    // Whoever is to stop it sends a signal to this process, and not to the one that started it.
    this.#log.info({ url, pid: process.pid, policy: this.#policy.current.digest }, 'gateway listening');
    let closing: Promise<void> | undefined;
    return { url, port, close: (drainMs) => (closing ??= this.#close(app, drainMs)) };
  }

  async #startRooms(): Promise<void> {
    await this.#reloading.lookWhatWasApplied();
    await this.#room.start();
    this.#auditLog.start();
    this.#index.start();
    this.#sessions.start();
    this.#endings.start();
    await this.#alerting.start();
  }

  /** As after any acceptance, for those of which nobody has told. */
  #readOn(): void {
    this.#dispatcher.readOn();
    this.#endings.note(this.#now());
    this.#alerting.accepted(['immediate']);
  }

  #createIndexWatch(): OutlivedIndex {
    return new OutlivedIndex({
      store: this.#store,
      onError: (error) => this.#failures.note(error),
      file: join(this.#options.home.dir, indexFileName),
      keepFreeBytes: this.#options.home.settings.freeDiskMebibytes * mebibyte,
      onOutlived: (outcome) => this.#log.info(outlivedWords[outcome]),
    });
  }

  #createRelay(): Relay {
    return new Relay({
      store: this.#store,
      quotas: this.#quotas,
      examination: {
        now: this.#now,
        resolve: (recipient) => this.#directory.resolve(recipient),
        policy: () => this.#policy.current,
        isListening: (endpoint) =>
          this.#dispatcher.isListening(endpoint) || this.#store.isListeningElsewhere(endpoint),
      },
      onAccepted: (deliveries) => {
        this.#alerting.accepted(deliveries.map(({ message }) => message.severity));
        for (const { message } of deliveries) this.#endings.note(message.expiresAt);
        this.#dispatcher.offer(
          deliveries.map(({ delivery, recipient, message }) => ({
            delivery,
            recipient,
            lane: message.lane,
            expiresAt: message.expiresAt,
            envelopeDigest: message.envelopeDigest,
            unit: message.unit,
          })),
        );
      },
      deliveryUnderWay: (recipient, digest) => this.#dispatcher.deliveryUnderWay(recipient, digest),
      onSettled: (recipient, digests) => this.#dispatcher.settled(recipient, digests),
    });
  }

  #serverDependencies(): GatewayServerDependencies {
    return {
      ...{ home: this.#options.home, store: this.#store, directory: this.#directory, policy: this.#policy },
      auditLog: this.#auditLog,
      sessions: this.#sessions,
      quotas: this.#quotas,
      incidents: this.#incidents,
      sessionContext: this.#sessionContext(),
      ...{ log: this.#log, now: this.#now },
      isDraining: () => this.#draining,
      room: () => (this.#room.isWatched ? this.#room.level : undefined),
      correlatorState: () => this.#alerting.state,
      damagedMessages: () => this.#damaged.count,
      endingsHeld: () => this.#endings.isHeld,
      agreementBehind: () => this.#applied.isBehind,
      reloadDirectory: () => this.#reloading.reloadDirectory(),
      lookForLater: () => this.#reloading.lookForLater(),
      onError: (error) => this.#failures.note(error),
    };
  }

  #sessionContext(): SessionContext {
    const receiptKey = batchSigner(this.#options.home.storeKeys.receiptKeyPem).keyId;
    return {
      store: this.#store,
      relay: this.#gate,
      dispatcher: this.#dispatcher,
      intake: new Intake(),
      pending: this.#pending,
      received: (endpoint, bytes) => this.#quotas.received(endpoint, bytes),
      welcome: async (endpoint: EndpointAddress) => ({
        type: 'welcome',
        endpoint,
        clock: this.#now(),
        limits,
        pending: await this.#store.countPending(endpoint),
        directoryVersion: this.#directory.version,
        policyDigest: this.#policy.current.digest,
        receiptKey,
        checkpoint: this.#auditLog.latest?.text ?? null,
      }),
      onReady: (endpoint, client) => this.#log.info({ endpoint, client }, 'session ready'),
      report: (endpoint, error) => this.#reportSession(endpoint, error),
      onClosed: (session) => this.#sessions.remove(session),
      monotonicMs: this.#options.monotonicMs,
    };
  }

  #reportSession(endpoint: EndpointAddress, error: unknown): void {
    if (!isCausewayError(error) || error.code === 'internal-error') this.#failures.note(error, endpoint);
    if (!isCausewayError(error)) return;
    const isNew = this.#incidents.note({ kind: 'session.error', code: error.code, endpoint });
    if (isNew) this.#log.info({ endpoint, code: error.code }, 'session error');
  }

  async #close(app: FastifyInstance, drainMs = defaultDrainMs): Promise<void> {
    this.#draining = true;
    this.#log.info({ sessions: this.#sessions.size }, 'gateway draining');
    await this.#sessions.drain(drainMs);
    this.#room.stop();
    await app.close();
    await this.#pending.ended();
    await this.#alerting.close();
    await this.#endings.close();
    this.#reloading.close();
    await this.#incidents.flush();
    await this.#life.stopped();
    await this.#index.close();
    await this.#auditLog.close();
    await this.#closeStore();
    this.#failures.close();
    this.#log.info('gateway stopped');
  }
}
