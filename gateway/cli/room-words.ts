/** How much room the disk has, in a sentence for operators. */
import type { RoomLeft } from '../disk-room.ts';

export function describeRoom(
  { isShort, freeMebibytes, reusableMebibytes }: RoomLeft & { readonly isShort: boolean },
  floorMebibytes: number,
): string {
  const inside = reusableMebibytes > 0 ? `, ${reusableMebibytes} MiB more inside the store's file` : '';
  const left = `${freeMebibytes} MiB of disk free${inside}; the floor is ${floorMebibytes} MiB`;
  return isShort ? `${left}: new messages are refused for now` : left;
}
