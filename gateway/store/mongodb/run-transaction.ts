/** Transactions that end in good time: the driver's own `withTransaction` goes on for two minutes in an outage. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession, TransactionOptions } from 'mongodb';
import { failureOfCommit, isCommitUnknown, isTransient } from './failures.ts';

/** The server sees one state of the store throughout, and is done once a majority has it in its journals. */
export const transactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
  maxCommitTimeMS: 5_000,
} as const satisfies TransactionOptions;

/** Between two tries of the same thing. */
const pauseMs = 50;

/**
 * Does some work in a transaction, from the beginning again where that may help.
 * @param deadline until when to try again, by `performance.now()`
 * @throws the driver's error: the work may have been committed all the same; what the work throws
 */
export async function runTransaction<T>(
  session: ClientSession,
  work: () => Promise<T>,
  deadline: number,
): Promise<T> {
  for (;;) {
    try {
      return await attempt(session, work, deadline);
    } catch (error) {
      if (!isTransient(error) || performance.now() > deadline) throw error;
      await sleep(Math.random() * pauseMs);
    }
  }
}

/**
 * Commits the session's transaction, and asks again where nobody knows whether that succeeded.
 * @param deadline until when to ask again, by `performance.now()`
 * @throws the driver's error: the transaction may have been committed all the same
 */
export async function commitTransaction(session: ClientSession, deadline: number): Promise<void> {
  for (;;) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!isCommitUnknown(failureOfCommit(error)) || performance.now() >= deadline) throw error;
      await sleep(pauseMs);
    }
  }
}

/** Ends the session's transaction, if one is open, as far as that is possible: the server does so too, a little later. */
export async function abandonTransaction(session: ClientSession): Promise<void> {
  if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
}

async function attempt<T>(session: ClientSession, work: () => Promise<T>, deadline: number): Promise<T> {
  session.startTransaction(transactionOptions);
  try {
    const result = await work();
    await commitTransaction(session, deadline);
    return result;
  } catch (error) {
    await abandonTransaction(session);
    throw error;
  }
}
