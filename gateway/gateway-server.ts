/** Everything that a gateway answers over HTTPS, its sockets included, each route with the rooms behind it. */
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AuditLog } from './audit/audit-log.ts';
import { logVerifierKey } from './audit-log-options.ts';
import type { CorrelatorState } from './correlator/look-progress.ts';
import type { RoomLevel } from './admission/disk-room.ts';
import { checkHealth } from './health.ts';
import { connectionBounds } from './http/connection-limit.ts';
import { registerDirectoryRoutes } from './http/directory-routes.ts';
import { registerEnrolmentRoutes } from './http/enrolment-routes.ts';
import { registerHealthRoutes } from './http/health-routes.ts';
import { endpointOf, identifyRequest, type RequestPeer } from './http/identify-request.ts';
import { registerLogRoutes } from './http/log-routes.ts';
import { buildServer } from './http/server.ts';
import { DirectoryLeaves } from './identity/directory-leaves.ts';
import type { EndpointDirectory } from './identity/directory.ts';
import { enrolEndpoint, renewCertificate } from './identity/enrolment.ts';
import type { GatewayHome } from './home/gateway-home.ts';
import { PreviousCertificates } from './identity/previous-certificates.ts';
import type { IncidentRecord } from './incident-record.ts';
import type { PolicyHolder } from './policy/policy-holder.ts';
import type { Quotas } from './admission/quotas.ts';
import type { SessionRegistry } from './socket/session-registry.ts';
import type { SessionContext } from './socket/session.ts';
import { registerSocketRoute } from './socket/socket-route.ts';
import type { Store } from './store/port.ts';

/** Between two lines of the log about the same: load balancers ask every other second. */
const warnAgainMs = 60_000;

export type GatewayServerDependencies = {
  readonly home: GatewayHome;
  readonly store: Store;
  readonly directory: EndpointDirectory;
  readonly policy: PolicyHolder;
  readonly auditLog: AuditLog;
  readonly sessions: SessionRegistry;
  readonly quotas: Quotas;
  readonly incidents: IncidentRecord;
  readonly sessionContext: SessionContext;
  readonly log: Logger;
  readonly now: () => number;
  isDraining(): boolean;
  /** See `disk-room.ts`; undefined where nobody looks. */
  room(): RoomLevel | undefined;
  /** What alerts can be expected of the correlator just now. */
  correlatorState(): CorrelatorState;
  /** How many messages readings of the store have left out; see `damaged-messages.ts`. */
  damagedMessages(): number;
  /** Whether nothing expires because the clock may run ahead; see `endings.ts`. */
  endingsHeld(): boolean;
  /** Whether another sharing agreement was applied than this gateway has; see `applied-agreement.ts`. */
  agreementBehind(): boolean;
  /** Reads the directory again: an endpoint connects as soon as it has its certificate. */
  reloadDirectory(): Promise<void>;
  /** Looks for a later version of it than the one at hand, but not for everybody who asks. */
  lookForLater(): Promise<void>;
  readonly onError: (error: unknown) => void;
};

/** Builds the server with all of its routes; it does not listen yet. */
export async function buildGatewayServer(deps: GatewayServerDependencies): Promise<FastifyInstance> {
  const app = await buildServer({
    tls: deps.home.tls,
    // What Fastify says of itself at level info is said better here.
    log: deps.log.child({}, { level: 'warn' }),
    report: (error) => deps.onError(error),
    refused: (error) => deps.incidents.note({ kind: 'request.refused', code: error.code }),
    endpointOf: (socket) => endpointOf(socket, deps.directory, deps.now()),
    connections: connectionBounds(deps.sessions.mostOfOneEndpoint),
  });
  const identify = peerIdentifier(deps);
  registerSocketRoute(app, {
    directory: deps.directory,
    sessions: deps.sessions,
    context: deps.sessionContext,
    identify,
    admit: (endpoint) => deps.quotas.admit(endpoint),
    isDraining: () => deps.isDraining(),
  });
  registerReading(app, deps, identify);
  registerEnrolment(app, deps, identify);
  registerHealth(app, deps);
  return app;
}

type Identify = (request: FastifyRequest) => RequestPeer;

/** Identifies whoever asks, and notes which of its certificates it has shown. */
function peerIdentifier({ store, directory, now, onError }: GatewayServerDependencies): Identify {
  const previous = new PreviousCertificates(store, onError);
  return (request) => {
    const peer = identifyRequest(request, directory, now());
    previous.shown(peer.entry, peer.thumbprint);
    return peer;
  };
}

function registerReading(app: FastifyInstance, deps: GatewayServerDependencies, identify: Identify): void {
  const { store, directory, auditLog, policy, now } = deps;
  registerDirectoryRoutes(app, {
    directory,
    policy: () => policy.current,
    identify: (request) => identify(request).entry,
    lookForLater: () => deps.lookForLater(),
    now,
    leaves: new DirectoryLeaves(store),
    checkpointFor: async (size) => {
      // Without the log nobody believes a new key, but everybody must still hear who was revoked.
      const found = await auditLog.checkpointFor(size).catch(() => auditLog.latest);
      return found?.text;
    },
  });
  registerLogRoutes(app, {
    log: auditLog,
    now,
    endpointOf: ({ raw }) => endpointOf(raw.socket as TLSSocket, directory, now()),
  });
}

function registerEnrolment(app: FastifyInstance, deps: GatewayServerDependencies, identify: Identify): void {
  const { home, store, now } = deps;
  const { authority, receiptKey } = home;
  const { auditKey } = home.storeKeys;
  const parts = { store, authority, auditKey, receiptKey, logKey: logVerifierKey(home), now };
  const knownHere = async <T>(enrolment: Promise<T>): Promise<T> => {
    const answer = await enrolment;
    await deps.reloadDirectory();
    return answer;
  };
  registerEnrolmentRoutes(app, {
    now,
    identify,
    enrol: (request, limits) => knownHere(enrolEndpoint(request, { ...parts, ...limits })),
    renew: ({ entry: { endpoint }, thumbprint }, renewal) =>
      knownHere(renewCertificate({ endpoint, thumbprint }, renewal, parts)),
  });
}

function registerHealth(app: FastifyInstance, deps: GatewayServerDependencies): void {
  const { store, home, auditLog, directory, now } = deps;
  let warnedAt = -Infinity;
  const onLate = (waitingMs: number): void => {
    if (performance.now() - warnedAt < warnAgainMs) return;
    warnedAt = performance.now();
    deps.log.warn(
      { event: 'log-late', waitingMs },
      'the gateway that holds log.lock does not publish the log',
    );
  };
  const parts = { store, home, now, startedAt: now(), auditLog, directory, onLate };
  registerHealthRoutes(app, () =>
    checkHealth({
      ...parts,
      draining: deps.isDraining(),
      room: deps.room(),
      correlator: deps.correlatorState(),
      damagedMessages: deps.damagedMessages(),
      endingsHeld: deps.endingsHeld(),
      agreementBehind: deps.agreementBehind(),
    }),
  );
}
