/**
 * A file that is spoilt, as against one that cannot be written just now. To clients both are `store-unavailable`: they keep
 * what they have and come again, which is right once a backup is in its place. Whoever has to put it there is told
 * `store-damaged`, which stands behind the other as its cause.
 */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';

/** @param what is wrong with it, a sentence that names no file */
export function unavailableByDamage(what: string): CausewayError {
  const cause = new CausewayError('store-damaged', { detail: what });
  return new CausewayError('store-unavailable', { detail: cause.message, cause });
}

/** The damage by which a store is unavailable; undefined for any other error. */
export function damageBehind(error: unknown): CausewayError | undefined {
  if (!isCausewayError(error, 'store-unavailable')) return undefined;
  return isCausewayError(error.cause, 'store-damaged') ? error.cause : undefined;
}

/** For the operator, whom nobody else may learn it from: which file it is, and what to do. */
export function damageOf(file: string, what: string, cause: unknown): CausewayError {
  const detail = `${what} It is ${file}: keep it with its -wal and -shm, and restore a backup.`;
  return new CausewayError('store-damaged', { detail, cause });
}

/** An error as the operator is to be told it. @param address the store's */
export function forOperator(error: unknown, address: string): unknown {
  const damage = damageBehind(error);
  return damage === undefined ? error : damageOf(address, damage.detail ?? '', error);
}
