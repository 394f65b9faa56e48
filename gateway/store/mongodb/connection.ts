/** Reaching the server. */
import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { CausewayError } from '../../../protocol/errors.ts';
import { explain, refuseServer } from './explain-connection.ts';

const defaultDatabase = 'causeway';
/** MongoDB's own; transactions may not write there, and the last one is not even replicated. */
const ownDatabases: readonly string[] = ['admin', 'config', 'local'];

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
  const name = databaseName(url);
  try {
    await client.connect();
    await checkServer(client);
    return { client, database: client.db(name) };
  } catch (error) {
    await client.close().catch(() => undefined);
    throw explain(error, url);
  }
}

function parse(url: string): MongoClient {
  refuseUnescaped(url);
  try {
    // A name of its own in the address tells one gateway from another in the server's log.
    const isNamed = /[?&]appName=/i.test(url);
    return new MongoClient(url, isNamed ? options : { ...options, appName: 'causeway' });
  } catch (cause) {
    const detail =
      'The address of the store must have the form mongodb://host:port,host:port/database?replicaSet=name.' +
      unknownOptions(cause);
    throw invalid(detail, cause);
  }
}

/** What the driver would take for something else, or refuse in words that may quote the password. */
function refuseUnescaped(url: string): void {
  // It would take part of such a password for a host, and tell the whole network its name.
  if (/^[^/]*\/\/.*[/?#@].*@/s.test(url)) {
    throw invalid(
      'The address of the store holds an @ behind a character that ends user and password. Write @ as %40, / as %2F, ' +
        '? as %3F, # as %23 and : as %3A in the user, the password and the options.',
    );
  }
  if (/^[^?]*%(?![0-9a-f]{2})/i.test(url)) {
    throw invalid(
      'The address of the store holds a % that does not begin a code such as %40. Write % itself as %25 in the user, ' +
        'the password and the name of the database.',
    );
  }
}

/** The driver names options that it does not know; other words of it may quote the address. */
function unknownOptions(error: unknown): string {
  const words = error instanceof Error ? error.message : '';
  const names = /^options? ([\w, ]+) (?:is|are) not supported$/.exec(words)?.[1];
  return names === undefined ? '' : ` The driver knows no option ${names}.`;
}

/** @throws CausewayError `configuration-invalid` for one that cannot hold a store */
function databaseName(url: string): string {
  const written = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]+)/.exec(url)?.[1];
  if (written === undefined) return defaultDatabase;
  const name = decodeURIComponent(written);
  if (ownDatabases.includes(name)) {
    throw invalid(
      `The address of the store names the database ${name}, which is MongoDB's own. Name one for the store, such as ` +
        `${defaultDatabase}; where ${name} holds the users, say so behind it: /${defaultDatabase}?authSource=${name}`,
    );
  }
  if (/[/\\. "$\0]/.test(name)) {
    throw invalid(
      'The address of the store names a database with a character that no database may have. Use letters, digits, - and _.',
    );
  }
  return name;
}

async function checkServer(client: MongoClient): Promise<void> {
  const admin = client.db('admin');
  const { version } = (await admin.command({ buildInfo: 1 })) as { version: string };
  refuseServer(version, await admin.command({ hello: 1 }));
}

function invalid(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('configuration-invalid', { detail, ...(cause === undefined ? {} : { cause }) });
}
