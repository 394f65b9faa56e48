/** How much room the disk has, in a sentence for operators. */
import type { RoomLeft, RoomLevel } from '../disk-room.ts';

const consequences: Readonly<Record<RoomLevel, string>> = {
  enough: '',
  scarce: ': agencies that have sent much lately are refused for now',
  short: ': new messages are refused for now',
};

export function describeRoom(
  { level, freeMebibytes, reusableMebibytes }: RoomLeft & { readonly level: RoomLevel },
  floorMebibytes: number,
): string {
  const inside = reusableMebibytes > 0 ? `, ${reusableMebibytes} MiB more inside the store's file` : '';
  const left = `${freeMebibytes} MiB of disk free${inside}; the floor is ${floorMebibytes} MiB`;
  return `${left}${consequences[level]}`;
}
