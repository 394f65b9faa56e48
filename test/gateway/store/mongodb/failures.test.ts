/** Every kind of error that the driver and the server know, and what it is to those who asked. */
import fc from 'fast-check';
import * as driver from 'mongodb';
import {
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../../gateway/store/mongodb/explain-connection.ts';
import {
  failureOf,
  failureOfCommit,
  isCommitUnknown,
  isHeightTaken,
  isTransient,
  unreadable,
} from '../../../../gateway/store/mongodb/failures.ts';
import { CausewayError, isCausewayError } from '../../../../protocol/errors.ts';

const url = 'mongodb://user:secret@db1.example/causeway?replicaSet=causeway';

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const passing = {
  HostUnreachable: 6,
  HostNotFound: 7,
  ExceededMaxTime: 50,
  WriteConcernFailed: 64,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  LockTimeout: 24,
  CursorNotFound: 43,
  UnsatisfiableWriteConcern: 100,
  WriteConflict: 112,
  PrimarySteppedDown: 189,
  TransactionTooOld: 225,
  SnapshotTooOld: 239,
  SnapshotUnavailable: 246,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  ExceededTimeLimit: 262,
  ChangeStreamHistoryLost: 286,
  CannotImplicitlyCreateCollection: 227,
  OutOfDiskSpace: 14_031,
  SocketException: 9_001,
  NotWritablePrimary: 10_107,
  InterruptedAtShutdown: 11_600,
  Interrupted: 11_601,
  InterruptedDueToReplStateChange: 11_602,
  NotPrimaryNoSecondaryOk: 13_435,
  NotPrimaryOrSecondary: 13_436,
  ClientMarkedKilled: 46_841,
};
const ofOneOperation = { DocumentValidationFailure: 121, BSONObjectTooLarge: 10_334, KeyTooLong: 17_280 };

const server = (code: number, labels: string[] = []): MongoServerError =>
  new MongoServerError({ code, errmsg: `code ${code}`, errorLabels: labels });

describe('a failure of the server', () => {
  it.each(Object.entries(passing))('%s (%i) means that the store is unavailable', (_, code) => {
    expect(failureOf(server(code))).toMatchObject({ code: 'store-unavailable' });
    expect(unreadable(server(code))).toMatchObject({ code: 'store-unavailable' });
    expect(explain(server(code), url)).toMatchObject({ code: 'store-unavailable' });
  });

  it.each(Object.entries(ofOneOperation))('%s (%i) lies with one operation', (_, code) => {
    expect(failureOf(server(code))).toMatchObject({ code: 'internal-error' });
  });

  it('of any other number means that the store is unavailable, whatever labels it has', () => {
    const known = new Set<number>(Object.values(ofOneOperation));
    const labels = ['TransientTransactionError', 'UnknownTransactionCommitResult', 'RetryableWriteError'];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500_000 }).filter((code) => !known.has(code)),
        fc.subarray(labels),
        (code, given) => {
          const error = server(code, given);
          expect(failureOf(error).code).toBe('store-unavailable');
          expect(unreadable(error).code).toBe('store-unavailable');
          expect(isTransient(error)).toBe(given.includes('TransientTransactionError'));
          expect(isCommitUnknown(error)).toBe(given.includes('UnknownTransactionCommitResult'));
        },
      ),
    );
  });

  it('to confirm a write by a majority is one of the store', () => {
    const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' };
    const error = new MongoWriteConcernError({ ok: 1, writeConcernError });
    expect(failureOf(error)).toMatchObject({ code: 'store-unavailable', cause: error });
  });

  it('by a second block at one height is told from any other duplicate', () => {
    const message = (collection: string): string =>
      `E11000 duplicate key error collection: c.${collection} index`;
    const duplicate = (collection: string) =>
      new MongoServerError({ code: 11_000, errmsg: message(collection) });
    expect(isHeightTaken(duplicate('block'))).toBe(true);
    expect(isHeightTaken(duplicate('message'))).toBe(false);
    expect(failureOf(duplicate('block')).code).toBe('store-unavailable');
  });
});

describe('a failure of the driver', () => {
  /** Everything that it exports and could throw. Made without its constructor: those want what only the driver has. */
  const made = Object.entries(driver).flatMap(([name, each]) => {
    const prototype: unknown = typeof each === 'function' ? each.prototype : undefined;
    if (prototype !== MongoError.prototype && !(prototype instanceof MongoError)) return [];
    const bare = Object.create(prototype) as MongoError;
    return [[name, Object.assign(bare, { errorLabelSet: new Set(), message: name })] as const];
  });

  it('has more than forty kinds', () => {
    expect(made.length).toBeGreaterThan(40);
  });

  it.each(made)('%s means that the store is unavailable, to writers and to readers', (_, error) => {
    expect(failureOf(error)).toMatchObject({ code: 'store-unavailable', cause: error });
    expect(unreadable(error)).toMatchObject({ code: 'store-unavailable', cause: error });
  });

  it.each(made.filter(([name]) => /Closed|NotConnected|Expired|Network|Transaction|Stale/.test(name)))(
    '%s at the first contact is not laid to the address',
    (_, error) => {
      expect(explain(error, url)).toMatchObject({ code: 'store-unavailable' });
    },
  );
});

describe('a server that has fallen silent', () => {
  /** As the driver throws them in a transaction: it sets no label of its own on these. */
  const unmarked = [
    ['gives its connections up', () => new MongoNetworkError('interrupted due to server monitor timeout')],
    ['is no primary any more', () => Object.create(MongoServerSelectionError.prototype) as MongoError],
  ] as const;
  const make = (error: MongoError): MongoError => Object.assign(error, { errorLabelSet: new Set<string>() });

  it.each(unmarked)('and %s in a statement has done nothing: the transaction may begin again', (_, error) => {
    expect(isTransient(make(error()))).toBe(true);
  });

  it.each(unmarked)('and %s in a commit may have made it: nobody begins that again', (_, error) => {
    const failure = failureOfCommit(make(error()));
    expect([isCommitUnknown(failure), isTransient(failure)]).toEqual([true, false]);
  });

  it('leaves a commit that the server has refused as it is', () => {
    const refused = server(251, ['TransientTransactionError']);
    expect(isCommitUnknown(failureOfCommit(refused))).toBe(false);
    expect(isTransient(refused)).toBe(true);
  });
});

describe('a failure of anything else', () => {
  it.each([
    ['a connection that ended', Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })],
    ['a wait that was broken off', new DOMException('This operation was aborted', 'AbortError')],
    ['a pool that was cleared', new MongoNetworkError('Connection pool was cleared')],
  ])('%s means that the store is unavailable', (_, error) => {
    expect(failureOf(error)).toMatchObject({ code: 'store-unavailable', cause: error });
  });

  it.each(['PoolClearedError', 'PoolClearedOnNetworkError', 'PoolClosedError', 'WaitQueueTimeoutError'])(
    'at the first contact that the driver calls %s means so too',
    (name) => {
      const error = Object.defineProperty(new MongoNetworkError('the pool was cleared'), 'name', {
        value: name,
      });
      expect(explain(error, url)).toMatchObject({ code: 'store-unavailable', cause: error });
    },
  );

  it('at the first contact means so too', () => {
    const error = Object.assign(new Error('write EPIPE'), { syscall: 'write' });
    expect(explain(error, url)).toMatchObject({ code: 'store-unavailable', cause: error });
    const mistake = new TypeError('x is not a function');
    expect(explain(mistake, url)).toBe(mistake);
  });

  it('that is a mistake of ours is called so', () => {
    expect(failureOf(new TypeError('x is not a function'))).toMatchObject({ code: 'internal-error' });
  });

  it('that has a code already keeps it', () => {
    fc.assert(
      fc.property(fc.constantFrom('lease-lost', 'store-unavailable', 'store-damaged'), (code) => {
        const error = new CausewayError(code);
        expect([failureOf(error), unreadable(error), explain(error, url)]).toEqual([error, error, error]);
        expect(isCausewayError(error, code)).toBe(true);
      }),
    );
  });
});

describe('an address that the first contact refutes', () => {
  it('names a file that is not there', () => {
    const message = "ENOENT: no such file or directory, open '/etc/causeway/db-ca.pem'";
    const error = Object.assign(new Error(message), { syscall: 'open', path: '/etc/causeway/db-ca.pem' });
    expect(explain(error, url)).toMatchObject({
      code: 'configuration-invalid',
      detail: expect.stringContaining('a file that cannot be read: ENOENT') as string,
    });
  });

  it('names no user where one is needed', () => {
    const detailOf = (address: string): unknown => (explain(server(13), address) as CausewayError).detail;
    expect(detailOf('mongodb://db1.example/causeway')).toContain('Put a user and its password');
    expect(detailOf(url)).toContain('readWrite');
  });
});

describe('a member that can only be read', () => {
  it('is laid to the address only where that names this member alone', () => {
    expect(explain(server(10_107), `${url}&directConnection=true`)).toMatchObject({
      code: 'configuration-invalid',
      detail: expect.not.stringContaining('secret') as string,
    });
    expect(explain(server(10_107), url)).toMatchObject({ code: 'store-unavailable' });
  });
});
