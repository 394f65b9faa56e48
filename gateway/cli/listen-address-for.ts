/** Where a new gateway listens when nobody has said. */
import { isIP } from 'node:net';
import { isThisComputer } from '../../terminal/this-computer.ts';
import { usageError } from '../../terminal/input.ts';

/**
 * The address at which all names of a gateway are answered: of this computer alone where each of them is this computer
 * itself, otherwise every one of the machine.
 * @param hosts names and addresses by which endpoints reach it
 * @throws CausewayError `usage-invalid` where no one address of this computer answers them all
 */
export function listenAddressFor(hosts: readonly string[]): string {
  const hasIPv6 = hosts.some((host) => isIP(host) === 6);
  if (!hosts.every(isThisComputer)) return hasIPv6 ? '::' : '0.0.0.0';
  if (!hasIPv6) return '127.0.0.1';
  if (hosts.some((host) => isIP(host) === 4)) {
    throw usageError(
      'No one address of this computer alone is reached by an IPv4 and by an IPv6 address. Name one of the two with ' +
        '--host, or say --listen ::, which listens on every address of this machine.',
    );
  }
  return '::1';
}
