/** Watches the disk of the embedded store for a gateway: another level of room is logged and becomes a leaf. */
import { dirname } from 'node:path';
import { DiskRoom, freeBytesAt, type RoomLeft, type RoomLevel } from './admission/disk-room.ts';
import { reportRoom } from './admission/room-report.ts';
import type { GatewayOptions } from './open-gateway.ts';
import type { PendingWork } from './socket/pending-work.ts';
import type { Store } from './store/port.ts';
import { isMongodbAddress } from './store/store-address.ts';

export type RoomWatch = {
  readonly store: Pick<Store, 'readReusableBytes' | 'appendRecords'>;
  readonly pending: PendingWork;
  /** How many messages were refused since this was asked before, by agency. */
  takeRefused(): Record<string, number>;
  readonly onError: (error: unknown) => void;
};

export function watchRoom(options: GatewayOptions, watch: RoomWatch): DiskRoom {
  const { home, log, store = home.store, readFreeBytes = freeBytesAt(dirname(store)) } = options;
  // Room in a replica set is for its own monitoring: these gateways cannot see it.
  const floorMebibytes = isMongodbAddress(store) ? 0 : home.settings.freeDiskMebibytes;
  const tell = (level: RoomLevel, left: RoomLeft): void => {
    const facts = { ...left, floorMebibytes, refused: watch.takeRefused() };
    const { record, severity, text, code } = reportRoom(level, facts);
    log[severity](code === undefined ? facts : { ...facts, code }, text);
    watch.pending.add(watch.store.appendRecords([record])).catch(watch.onError);
  };
  return new DiskRoom(
    { floorMebibytes, readFreeBytes, readReusableBytes: () => watch.store.readReusableBytes() },
    { onChange: tell, onError: watch.onError },
  );
}
