/** Whoever reads what the gateway knows is recorded first. */
import { userInfo } from 'node:os';
import type { Store } from '../store/port.ts';

/** The person at this terminal, as the operating system names them. */
export function personHere(): string {
  return userInfo().username;
}

/**
 * Records a person's reading. Resolves when it is durable: nothing may be shown before.
 * @param what the criteria of the reading, without content
 * @returns the index of its leaf
 */
export async function recordReading(
  store: Pick<Store, 'appendRecords'>,
  kind: `audit.${string}`,
  what: Readonly<Record<string, unknown>>,
): Promise<number> {
  return store.appendRecords([{ kind, by: personHere(), ...what }]);
}
