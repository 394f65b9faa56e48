/** Whether messages can be taken now, and what will need an operator soon. */
import { CausewayError, isCausewayError } from '../protocol/errors.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { CorrelatorState } from './correlator/look-progress.ts';
import { consequences, type RoomLevel } from './admission/disk-room.ts';
import type { HealthCheck } from './http/health-routes.ts';
import type { EndpointDirectory } from './identity/directory.ts';
import { earlyWords, termOf } from './identity/certificate-term.ts';
import type { GatewayHome } from './home/gateway-home.ts';
import { inTime } from './platform/in-time.ts';
import type { Store } from './store/port.ts';
import { damageBehind } from './store/store-damage.ts';

/** A leaf is published half a second after its commit; one that waits for so long will not be by itself. */
const staleLogMs = 30_000;
/** Those who ask do not wait for longer: an answer that comes when all is well again has told nobody of the outage. */
const patienceMs = 3_000;

export async function checkHealth(parts: {
  readonly store: Pick<Store, 'probe' | 'readLeaves'>;
  readonly home: GatewayHome;
  readonly now: () => number;
  readonly startedAt: number;
  readonly draining: boolean;
  readonly room: RoomLevel | undefined;
  readonly auditLog: Pick<AuditLog, 'failure' | 'copyFailure' | 'keepingFailure' | 'latest' | 'isFollowing'>;
  readonly directory: Pick<EndpointDirectory, 'putBack' | 'gone'>;
  readonly correlator: CorrelatorState;
  readonly damagedMessages: number;
  readonly endingsHeld: boolean;
  readonly agreementBehind: boolean;
  /** Leaves wait for another gateway to publish them. */
  readonly onLate: (waitingMs: number) => void;
}): Promise<HealthCheck[]> {
  const { store, home, now, startedAt, draining, room, auditLog, directory, correlator, onLate } = parts;
  const [ofStore, ofLog] = await Promise.all([
    checkStore(store),
    checkLog(auditLog, store, { now: now(), startedAt, onLate }),
  ]);
  return [
    { name: 'sessions', ok: !draining, detail: draining ? 'draining' : 'open' },
    ofStore,
    ...checkMessages(parts.damagedMessages),
    ...checkClock(parts.endingsHeld),
    ...checkRoom(room),
    ofLog,
    ...checkCopy(auditLog),
    ...checkKeeping(auditLog),
    ...checkDirectory(directory),
    ...checkAgreement(parts.agreementBehind),
    ...checkCorrelator(correlator),
    checkCertificate('gateway certificate', home.tls.cert, now()),
    checkCertificate('issuing CA', home.authority.certificatePem, now()),
  ];
}

/** New ones are taken all the same; which of the old ones it is stands in the gateway's own log. */
export function checkMessages(damaged: number): HealthCheck[] {
  if (damaged === 0) return [];
  const detail = `store-damaged: ${damaged} that were come upon are not what was accepted, and are left out`;
  return [{ name: 'messages in the store', ok: true, detail }];
}

/** Where it runs ahead, what clients bring has expired by it, while another gateway may take that. */
export function checkClock(isHeld: boolean): HealthCheck[] {
  if (!isHeld) return [];
  const detail =
    'clock-wrong, or a long rest: the start found itself weeks after the newest leaf; nothing expires for an hour. ' +
    'Set the clock, or start again where it is right';
  return [{ name: 'clock', ok: false, detail }];
}

/** Anybody may ask: how much is left exactly is in the gateway's own log. */
export function checkRoom(level: RoomLevel | undefined): HealthCheck[] {
  if (level === undefined) return [];
  const ok = level === 'enough' || level === 'scarce';
  const detail = level === 'enough' ? consequences[level] : `${level}: ${consequences[level]}`;
  return [{ name: 'room for messages', ok, detail }];
}

export async function checkStore(
  store: Pick<Store, 'probe'>,
  waitMs: number = patienceMs,
): Promise<HealthCheck> {
  try {
    await inTime(store.probe(), waitMs);
    return { name: 'store', ok: true, detail: 'writes are durable' };
  } catch (failure) {
    const error = damageBehind(failure) ?? failure;
    if (!isCausewayError(error)) return { name: 'store', ok: false, detail: 'failed' };
    const { code, detail } = error;
    return { name: 'store', ok: false, detail: detail === undefined ? code : `${code}: ${detail}` };
  }
}

/**
 * What keeps the log from being published, and leaves that wait for it although nothing is known to be wrong. Those
 * of a life before this one wait since its start. Where another gateway on the same home is to publish it, that one is
 * not well: this one takes messages, or else none would be left that does.
 */
export async function checkLog(
  { failure, latest, isFollowing }: Pick<AuditLog, 'failure' | 'latest' | 'isFollowing'>,
  store: Pick<Store, 'readLeaves'>,
  {
    now,
    startedAt,
    onLate,
  }: { readonly now: number; readonly startedAt: number; readonly onLate?: (waitingMs: number) => void },
  waitMs: number = patienceMs,
): Promise<HealthCheck> {
  const name = 'audit log';
  if (failure !== undefined) {
    return { name, ok: false, detail: describe(failure) };
  }
  const size = latest?.size ?? 0;
  // That the store cannot be read is told by its own check.
  const [waiting] = await inTime(store.readLeaves(size, 1), waitMs).catch(() => []);
  const waitingMs = waiting === undefined ? 0 : now - Math.max(waiting.at, startedAt);
  const published =
    latest === undefined ? 'not published since the start yet' : `published with ${size} leaves`;
  if (waitingMs < staleLogMs) return { name, ok: true, detail: published };
  const seconds = Math.floor(waitingMs / 1_000);
  const detail = `stale: leaf ${size} has waited ${seconds} s to be published`;
  if (!isFollowing) return { name, ok: false, detail };
  onLate?.(waitingMs);
  return { name, ok: true, detail: `${detail} by the other gateway that holds log.lock: look at that one` };
}

/** A copy that could not be written can wait. One that the log does not continue means that the log was forked. */
export function checkCopy({ copyFailure }: Pick<AuditLog, 'copyFailure'>): HealthCheck[] {
  if (copyFailure === undefined) return [];
  const ok = copyFailure.code !== 'log-forked';
  return [{ name: 'copy of the audit log', ok, detail: describe(copyFailure) }];
}

/** The log is published and messages are taken; but later nothing signed will be left of this time to prove from. */
export function checkKeeping({ keepingFailure }: Pick<AuditLog, 'keepingFailure'>): HealthCheck[] {
  if (keepingFailure === undefined) return [];
  return [{ name: 'kept checkpoints', ok: true, detail: describe(keepingFailure) }];
}

/** All others go on: whoever is locked out is no reason to take the exchange from everybody. Who it is, the log says. */
export function checkDirectory({
  putBack,
  gone,
}: Pick<EndpointDirectory, 'putBack' | 'gone'>): HealthCheck[] {
  const found = [
    ...(putBack.length === 0
      ? []
      : [`${putBack.length === 1 ? '1 row was' : `${putBack.length} rows were`} put back to an older entry`]),
    ...(gone.length === 0 ? [] : [gone.length === 1 ? '1 row is gone' : `${gone.length} rows are gone`]),
  ];
  if (found.length === 0) return [];
  const detail = `${found.join(', ')}: whoever it is about is locked out`;
  return [{ name: 'directory', ok: true, detail }];
}

/** Messages are taken under the one that is in force here, and each decision names it; but others decide otherwise. */
export function checkAgreement(isBehind: boolean): HealthCheck[] {
  if (!isBehind) return [];
  const detail =
    'not the one that was applied last: copy that policies folder here and apply it, or apply this one';
  return [{ name: 'sharing agreement', ok: true, detail }];
}

/** Messages are taken whatever it does; but alerts wait, and whoever looks must see that they do. */
export function checkCorrelator(state: CorrelatorState): HealthCheck[] {
  const said = (detail: string): HealthCheck[] => [{ name: 'correlator', ok: true, detail }];
  switch (state.is) {
    case 'off':
      return [];
    case 'held':
      return said('does not look while the clock is in doubt: alerts wait until then');
    case 'waiting':
      return said('another gateway looks: this one has not read all that was accepted yet');
    case 'reading':
      return said(`reads history, ${Math.floor(100 * state.part)} %: alerts wait until it has`);
    case 'current':
      return said('has read all that was accepted when it looked last');
    case 'stuck':
      return said(
        'some alerts could be neither sent nor recorded: see `alert-stuck` in the log; all others were sent',
      );
    case 'failing':
      return said(`its last look failed with ${state.code}: alerts wait until one succeeds`);
  }
}

/** What nobody foresaw may name files and more; anybody may ask, and the gateway's own log has it. */
function describe({ code, detail }: CausewayError): string {
  return detail === undefined || code === 'internal-error' ? code : `${code}: ${detail}`;
}

export function checkCertificate(name: string, pem: string, now: number): HealthCheck {
  const term = termOf(pem, now);
  if (term.isEarly) return { name, ok: false, detail: earlyWords(term) };
  const { daysLeft } = term;
  return { name, ok: daysLeft >= 0, detail: daysLeft < 0 ? 'expired' : `valid for ${daysLeft} more days` };
}
