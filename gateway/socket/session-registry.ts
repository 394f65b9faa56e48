/** All open sessions of this gateway: limits, heartbeats, and what a change of the directory ends. */
import { CausewayError } from '../../protocol/errors.ts';
import { agencyOf, type EndpointAddress } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { EndpointDirectory } from '../identity/directory.ts';
import type { Session } from './session.ts';

type SessionQuotas = { readonly sessionsPerEndpoint: number; readonly sessionsPerAgency: number };

const sweepIntervalMs = 2_000;

export class SessionRegistry {
  readonly #quotas: SessionQuotas;
  readonly #now: () => number;
  readonly #byEndpoint = new Map<EndpointAddress, Set<Session>>();
  readonly #perAgency = new Map<string, number>();
  #timers: NodeJS.Timeout[] = [];

  constructor(quotas: SessionQuotas, now: () => number) {
    this.#quotas = quotas;
    this.#now = now;
  }

  /** How many one endpoint may have open. */
  get mostOfOneEndpoint(): number {
    return this.#quotas.sessionsPerEndpoint;
  }

  /** Starts heartbeats and the watch over slow consumers. */
  start(): void {
    this.#timers = [
      setInterval(() => this.#beat(), limits.pingIntervalMs),
      setInterval(() => this.#sweep(), sweepIntervalMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** @throws CausewayError `too-many-sessions` */
  admit(endpoint: EndpointAddress): void {
    const ofEndpoint = this.#byEndpoint.get(endpoint)?.size ?? 0;
    const ofAgency = this.#perAgency.get(agencyOf(endpoint)) ?? 0;
    if (ofEndpoint >= this.#quotas.sessionsPerEndpoint || ofAgency >= this.#quotas.sessionsPerAgency) {
      throw new CausewayError('too-many-sessions');
    }
  }

  add(session: Session): void {
    const sessions = this.#byEndpoint.get(session.endpoint) ?? new Set();
    sessions.add(session);
    this.#byEndpoint.set(session.endpoint, sessions);
    const agency = agencyOf(session.endpoint);
    this.#perAgency.set(agency, (this.#perAgency.get(agency) ?? 0) + 1);
  }

  remove(session: Session): void {
    const sessions = this.#byEndpoint.get(session.endpoint);
    if (sessions?.delete(session) !== true) return;
    if (sessions.size === 0) this.#byEndpoint.delete(session.endpoint);
    const agency = agencyOf(session.endpoint);
    const left = (this.#perAgency.get(agency) ?? 1) - 1;
    if (left === 0) this.#perAgency.delete(agency);
    else this.#perAgency.set(agency, left);
  }

  get size(): number {
    let size = 0;
    for (const count of this.#perAgency.values()) size += count;
    return size;
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#byEndpoint.values()) yield* sessions;
  }

  /** Lets all sessions finish what is open, for at most this long, and ends them. */
  async drain(drainMs: number): Promise<void> {
    for (const session of [...this.all()]) session.drain();
    const deadline = performance.now() + drainMs;
    while (this.size > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const session of [...this.all()]) session.terminate();
    this.stop();
  }

  /** Ends the sessions whose endpoint was revoked, got other keys or has renewed its certificate; tells the rest. */
  directoryChanged(directory: EndpointDirectory): void {
    for (const session of [...this.all()]) {
      const entry = directory.get(session.endpoint);
      const error = whyOver(session, entry);
      if (error !== undefined) session.fail(error);
      else if (entry !== undefined) session.directoryChanged(entry, directory.version);
    }
  }

  #beat(): void {
    const now = this.#now();
    for (const session of [...this.all()]) {
      if (session.certificate.endsAt <= now) session.fail(new CausewayError('session-expired'));
      else session.beat();
    }
  }

  #sweep(): void {
    for (const session of [...this.all()]) session.sweep();
  }
}

/** What the directory now says against a session, if anything: each is refused at the next connection as well. */
function whyOver(session: Session, entry: DirectoryEntry | undefined): CausewayError | undefined {
  if (entry === undefined) return new CausewayError('certificate-unknown');
  if (entry.status === 'revoked') return new CausewayError('endpoint-revoked');
  if (entry.signingKey !== session.sender.entry.signingKey) {
    return new CausewayError('certificate-unknown', { detail: 'The endpoint was enrolled again.' });
  }
  const { thumbprint } = session.certificate;
  if (thumbprint === entry.tlsThumbprint || thumbprint === entry.previousTlsThumbprint) return undefined;
  return new CausewayError('session-expired', { detail: 'A renewed one has taken its place.' });
}
