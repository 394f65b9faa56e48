/** What the operator is told where a file of the gateway's home holds another thing than its key. */
import { CausewayError } from '../../protocol/errors.ts';

/** @param read throws where it is none @throws CausewayError `home-invalid` */
export function usableKey<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CausewayError('home-invalid', { detail: `${file} does not hold a key of its kind.`, cause });
  }
}
