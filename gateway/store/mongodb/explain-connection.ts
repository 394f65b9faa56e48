/** Saying in words why a server, or its address, will not do. */
import {
  MongoAPIError,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoTransactionError,
} from 'mongodb';
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import { hasCode, isNetworkFailure } from './failures.ts';

/** Snapshot transactions with change streams on every form of index work from here on; older ones were not tried. */
const oldestServer = [6, 0] as const;

const lostConnections = [
  MongoClientClosedError,
  MongoExpiredSessionError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  MongoTransactionError,
] as const;

/** The address without user and password, for people. */
export function withoutSecrets(url: string): string {
  // To the last @, since a password may hold others that should have been written as %40.
  return url.replace(/^(mongodb(?:\+srv)?:\/\/).*@/s, '$1').replace(/\?.*$/s, '');
}

/**
 * The error of a first contact in words, with what to do.
 * @param error of the driver; anything else comes back as it is
 */
export function explain(error: unknown, url: string): unknown {
  if (isCausewayError(error)) return error;
  const place = withoutSecrets(url);
  if (hasCode(error, 'authenticationFailed')) {
    return invalid(
      `MongoDB at ${place} does not accept the user or the password. Check both, and authSource, in the address of the store.`,
      error,
    );
  }
  if (hasCode(error, 'unauthorized') && !url.includes('@')) {
    return invalid(
      `MongoDB at ${place} wants to know who is there. Put a user and its password into the address of the store.`,
      error,
    );
  }
  if (hasCode(error, 'unauthorized')) {
    return invalid(
      `MongoDB at ${place} lets this user read but not write, or not even that. Give it the role readWrite on the database.`,
      error,
    );
  }
  if (hasCode(error, 'notWritablePrimary') && /[?&]directConnection=true/i.test(url)) {
    return invalid(
      `MongoDB at ${place} is a member that can only be read. Address the replica set with all of its members, and without directConnection.`,
      error,
    );
  }
  if (error instanceof MongoServerSelectionError) return explainSelection(error, place);
  if (error instanceof MongoAPIError && !isConnectionLost(error))
    return invalid(`The address of the store is not usable: ${place}.`, error);
  if (isUnreadableFile(error)) {
    return invalid(`The address of the store names a file that cannot be read: ${error.message}.`, error);
  }
  // By its class: those of the pool of connections have other names.
  return error instanceof MongoError || isNetworkFailure(error)
    ? unavailable(`MongoDB at ${place} answers with an error: ${error.message}`, error)
    : error;
}

/** True for what the driver says when its own connections have ended meanwhile: the address is in order. */
function isConnectionLost(error: MongoAPIError): boolean {
  return lostConnections.some((each) => error instanceof each);
}

/** Such as that of `tlsCAFile`. */
function isUnreadableFile(error: unknown): error is Error {
  return (
    error instanceof Error &&
    'syscall' in error &&
    (error.syscall === 'open' || error.syscall === 'read') &&
    'path' in error
  );
}

/** What a server says of itself in answer to `hello`. */
type ServerKind = { readonly setName?: string; readonly msg?: string };

/** @throws CausewayError `configuration-invalid` when a store cannot be kept on a server of this version and kind */
export function refuseServer(version: string, { setName, msg }: ServerKind): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isTooOld = major < oldestServer[0] || (major === oldestServer[0] && minor < oldestServer[1]);
  if (isTooOld) throw tooOld(`is version ${version}`, undefined);
  if (setName !== undefined) return;
  throw invalid(
    msg === 'isdbgrid'
      ? 'The store is a sharded cluster, which was never tried. Address a replica set.'
      : 'MongoDB runs there as a standalone server, which has no transactions. Make it a replica set: start mongod ' +
          'with --replSet and call rs.initiate() once; three members survive the loss of one.',
    undefined,
  );
}

function explainSelection(error: MongoServerSelectionError, place: string): CausewayError {
  const servers = [...(error.reason?.servers.values() ?? [])];
  const answering = servers.filter(({ type }) => type !== 'Unknown');
  const cause = error;
  if (servers.some(({ error: reason }) => hasCode(reason, 'authenticationFailed'))) {
    return invalid(
      `MongoDB at ${place} does not accept the user or the password. Check both, and authSource, in the address of the store.`,
      cause,
    );
  }
  if (servers.some(({ error: reason }) => reason?.name === 'MongoCompatibilityError')) {
    return tooOld('is too old', cause);
  }
  if (servers.length === 0) {
    return invalid(
      `What answers at ${place} is no member of the replica set that the address names: it runs standalone, or its ` +
        'set has another name. Start mongod with --replSet and call rs.initiate() once, or give the name that ' +
        'rs.status() tells as replicaSet.',
      cause,
    );
  }
  if (answering.length > 0 && answering.every(({ type }) => type === 'RSGhost')) {
    return unavailable(
      `MongoDB at ${place} was started with --replSet, but belongs to no replica set yet. ` +
        'Call rs.initiate() on one member, once; if that was done, wait until the members have started.',
      cause,
    );
  }
  if (answering.length > 0) {
    return unavailable(
      `MongoDB at ${place} answers, but has no primary, so it can only be read. ` +
        'Bring a majority of its members up, and address the replica set with all of them.',
      cause,
    );
  }
  const reasons = servers.flatMap(({ address, error: reason }) =>
    reason === null ? [] : [`${address}: ${reason.message}`],
  );
  return unavailable(
    `No MongoDB answers at ${place}. Check that it runs, that its address and TLS settings are right, and the ` +
      `network between. ${reasons.join('; ')}`.trimEnd(),
    cause,
  );
}

function tooOld(found: string, cause: unknown): CausewayError {
  return invalid(
    `MongoDB there ${found}; the store needs ${oldestServer.join('.')} or newer. Upgrade the server.`,
    cause,
  );
}

function unavailable(detail: string, cause: unknown): CausewayError {
  return new CausewayError('store-unavailable', { detail, cause });
}

function invalid(detail: string, cause: unknown): CausewayError {
  return new CausewayError('configuration-invalid', { detail, cause });
}
