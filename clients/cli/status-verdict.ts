/** What `causeway status --check` ends with: what it shows, in one number for a script. */
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { MessageRecord } from '../sdk/ladder-table.ts';
import type { LogStatus } from '../sdk/log/log-status.ts';
import { isTriedAgain } from './held-remedy.ts';
import { needsSendingAnew } from './lost-text.ts';
import { exitCodeOfConnection } from './no-connection.ts';
import type { OpenClient } from './open-client.ts';
import { hasOpenMatters } from './open-matters.ts';

/**
 * @returns 1 where a person has to act, 3 for what may pass by itself: no connection, a log that could not be verified just
 *   now, notices that wait for the gateway, those among them that it has lost, one that has come and cannot be opened at
 *   present, or a directory that cannot be read.
 *   What waits for trust in a key, or for recipients, is nothing out of order. What was found wrong with the log or with
 *   receipts is a person's to look at, until somebody acknowledges it.
 */
export function exitCodeOfEndpoint({ client, connection }: OpenClient): number {
  const { foreignParts, renewalRefusal, certificateEndsAt, waiting } = client.status();
  const lost = client.lost();
  const needsPerson =
    lost.some(needsSendingAnew) ||
    foreignParts.length > 0 ||
    renewalRefusal !== undefined ||
    certificateEndsAt <= Date.now() ||
    client.log.status().halt !== undefined ||
    hasOpenMatters(client);
  if (needsPerson) return exitCodes.failure;
  if (connection.isConnected) {
    const isAllSent = waiting === 0 && !lost.some(({ state }) => state === 'due');
    const isAllRead = !client.held().some(isTriedAgain) && client.directory.unread === undefined;
    return isVerifiedNow(client.log.status()) && isAllSent && isAllRead ? exitCodes.ok : exitCodes.temporary;
  }
  return exitCodeOfConnection(connection);
}

/** True where the last look at the log was one that this client made, and a good one. */
export function isVerifiedNow({ checkedAt, lastError }: LogStatus): boolean {
  return checkedAt !== undefined && lastError === undefined;
}

/** @returns 0 once every recipient has it, 1 where it was refused or has expired, 3 while that is open; as `send --wait stored` */
export function exitCodeOfMessage({ state, deliveries }: MessageRecord): number {
  const outcomes = deliveries.map(({ outcome }) => outcome);
  const hasFailed = outcomes.some((outcome) => outcome === 'refused' || outcome === 'expired');
  if (state === 'refused' || hasFailed) return exitCodes.failure;
  return state === 'waiting' || outcomes.includes(undefined) ? exitCodes.temporary : exitCodes.ok;
}
