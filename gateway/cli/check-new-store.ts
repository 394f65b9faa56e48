/** Whether the first start can make the embedded store, for `gateway check`. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileReason } from '../../files/file-trouble.ts';
import { freeBytesAt } from '../admission/disk-room.ts';
import { mebibyte } from '../admission/mebibyte.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import { withoutLinks } from '../store/path-lock.ts';
import { good, type Finding } from './check-finding.ts';
import { checkRoom } from './check-room.ts';

/** For the empty store, its write-ahead log and its lock. */
const leastBytes = mebibyte;

/**
 * Makes nothing there: what another user than the gateway's makes, the gateway could not use.
 * @param freeBytes how the room is looked at; for tests
 * @returns also whether there is room for messages, where the store can be made
 */
export async function checkNewStore(
  home: Pick<GatewayHome, 'store' | 'settings'>,
  freeBytes: typeof freeBytesAt = freeBytesAt,
): Promise<Finding[]> {
  const folder = dirname(withoutLinks(home.store));
  const bad = (reason: string): Finding[] => [
    { check: 'store', verdict: 'bad', detail: `no store can be made in ${folder}${reason}` },
  ];
  try {
    // A path that goes through a file is refused as well.
    await access(`${folder}/.`, constants.W_OK | constants.X_OK);
    // Whatever the floor is: without that, the start itself fails.
    if ((await freeBytes(folder)()) < leastBytes) return bad(': the disk is full');
    return [good('store', 'made at the first start'), ...(await checkRoom(home, () => Promise.resolve(0)))];
  } catch (error) {
    return bad(fileReason(error, { ENOENT: 'there is no such folder' }));
  }
}
