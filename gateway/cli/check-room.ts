/** Whether the disk of the embedded store has room for new messages, for `gateway check`. */
import { dirname } from 'node:path';
import { freeBytesAt, lookAtRoom } from '../admission/disk-room.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import { withoutLinks } from '../store/path-lock.ts';
import { isMongodbAddress } from '../store/store-address.ts';
import type { Finding } from './check-finding.ts';
import { describeRoom } from './room-words.ts';

const verdicts = { enough: 'good', scarce: 'warn', short: 'bad', full: 'bad' } as const;

/**
 * @param readReusableBytes what the store can take without growing
 * @returns nothing where there is no floor, or the store is a database of MongoDB
 */
export async function checkRoom(
  { store, settings }: Pick<GatewayHome, 'store' | 'settings'>,
  readReusableBytes: () => Promise<number>,
): Promise<Finding[]> {
  const floorMebibytes = settings.freeDiskMebibytes;
  if (isMongodbAddress(store) || floorMebibytes === 0) return [];
  const readFreeBytes = freeBytesAt(dirname(withoutLinks(store)));
  const left = await lookAtRoom({ floorMebibytes, readFreeBytes, readReusableBytes });
  return [{ check: 'room', verdict: verdicts[left.level], detail: describeRoom(left, floorMebibytes) }];
}
