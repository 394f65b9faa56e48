/** Reaching the server, and saying in words why it will not do. */
import {
  MongoAPIError,
  MongoClient,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoTransactionError,
  type Db,
  type MongoClientOptions,
} from 'mongodb';
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import { hasCode, isNetworkFailure } from './failures.ts';

const defaultDatabase = 'causeway';
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

/**
 * A silent server is found out within five seconds, and whoever waits for it is told. What the URL says of these
 * is overridden: promises rest on them.
 */
const options: MongoClientOptions = {
  promoteBuffers: true,
  ignoreUndefined: true,
  readPreference: 'primary',
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority', journal: true },
  retryWrites: true,
  retryReads: true,
  serverSelectionTimeoutMS: 5_000,
  heartbeatFrequencyMS: 2_000,
  connectTimeoutMS: 3_000,
  socketTimeoutMS: 15_000,
  maxPoolSize: 16,
};

export type Connection = { readonly client: MongoClient; readonly database: Db };

/**
 * Connects and checks that the server can keep a store.
 * @throws CausewayError `configuration-invalid` when the address, the user or the server is unsuitable,
 * `store-unavailable` when no primary answers
 */
export async function connect(url: string): Promise<Connection> {
  const client = parse(url);
  try {
    await client.connect();
    await checkServer(client);
    return { client, database: client.db(databaseName(url)) };
  } catch (error) {
    await client.close().catch(() => undefined);
    throw explain(error, url);
  }
}

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

function parse(url: string): MongoClient {
  // The driver would take part of such a password for a host, and tell the whole network its name.
  if (/^[^/]*\/\/.*[/?@].*@/s.test(url)) {
    throw invalid(
      'The address of the store holds an @ behind a character that ends user and password. Write @ as %40, / as %2F, ' +
        '? as %3F and : as %3A in the user, the password and the options.',
      undefined,
    );
  }
  try {
    // A name of its own in the address tells one gateway from another in the server's log.
    const isNamed = /[?&]appName=/i.test(url);
    return new MongoClient(url, isNamed ? options : { ...options, appName: 'causeway' });
  } catch (error) {
    throw invalid(
      'The address of the store must have the form mongodb://host:port,host:port/database?replicaSet=name.' +
        unknownOptions(error),
      error,
    );
  }
}

/** The driver names options that it does not know; other words of it may quote the address. */
function unknownOptions(error: unknown): string {
  const words = error instanceof Error ? error.message : '';
  const names = /^options? ([\w, ]+) (?:is|are) not supported$/.exec(words)?.[1];
  return names === undefined ? '' : ` The driver knows no option ${names}.`;
}

function databaseName(url: string): string {
  const name = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]+)/.exec(url)?.[1];
  return name === undefined ? defaultDatabase : decodeURIComponent(name);
}

async function checkServer(client: MongoClient): Promise<void> {
  const admin = client.db('admin');
  const { version } = (await admin.command({ buildInfo: 1 })) as { version: string };
  refuseServer(version, await admin.command({ hello: 1 }));
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
