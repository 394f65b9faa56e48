/** How much room the disk has, in a sentence for operators. */
import { consequences, type RoomLeft, type RoomLevel } from '../admission/disk-room.ts';

export function describeRoom(
  { level, freeMebibytes, reusableMebibytes }: RoomLeft & { readonly level: RoomLevel },
  floorMebibytes: number,
): string {
  const inside = reusableMebibytes > 0 ? `, ${reusableMebibytes} MiB more inside the store's file` : '';
  const left = `${freeMebibytes} MiB of disk free${inside}; the floor is ${floorMebibytes} MiB`;
  return level === 'enough' ? left : `${left}: ${consequences[level]}`;
}
