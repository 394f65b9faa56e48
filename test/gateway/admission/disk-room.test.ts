import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import {
  DiskRoom,
  freeBytesAt,
  lookAtRoom,
  type DiskRoomOptions,
  type RoomLevel,
} from '../../../gateway/admission/disk-room.ts';

const mebibyte = 1_048_576;

/** A disk with a floor of 100 MiB; `free` and `reusable` in MiB. */
function openDisk() {
  const disk = { free: 1_000, reusable: 0, looks: 0, failure: undefined as Error | undefined };
  const options: DiskRoomOptions = {
    floorMebibytes: 100,
    readFreeBytes: () => {
      disk.looks++;
      return disk.failure === undefined
        ? Promise.resolve(disk.free * mebibyte)
        : Promise.reject(disk.failure);
    },
    readReusableBytes: () => Promise.resolve(disk.reusable * mebibyte),
  };
  return { disk, options };
}

function openRoom() {
  const { disk, options } = openDisk();
  const told: RoomLevel[] = [];
  const errors: unknown[] = [];
  const room = new DiskRoom(options, {
    onChange: (level) => told.push(level),
    onError: (error) => errors.push(error),
  });
  return { disk, room, told, errors };
}

test('there is enough room at twice the floor, little at the floor, and none below half of it', async () => {
  const { disk, options } = openDisk();
  for (const [free, level] of [
    [1_000, 'enough'],
    [200, 'enough'],
    [199, 'scarce'],
    [100, 'scarce'],
    [99, 'short'],
    [50, 'short'],
    [49, 'full'],
    [0, 'full'],
  ] as const) {
    disk.free = free;
    expect(await lookAtRoom(options)).toEqual({ level, freeMebibytes: free, reusableMebibytes: 0 });
  }
  expect(await lookAtRoom({ ...options, floorMebibytes: 0 })).toMatchObject({ level: 'enough' });
});

test('what the store let go of is room, as long as half of what is asked is free on the disk itself', async () => {
  const { disk, options } = openDisk();
  disk.reusable = 5_000;
  for (const [free, level] of [
    [99, 'enough'],
    [50, 'enough'],
    [49, 'short'],
    [25, 'short'],
    [24, 'full'],
  ] as const) {
    disk.free = free;
    expect(await lookAtRoom(options)).toMatchObject({ level, reusableMebibytes: 5_000 });
  }
  disk.reusable = 40;
  disk.free = 59;
  expect(await lookAtRoom(options)).toMatchObject({ level: 'short' });
});

test('a change is told once, and each recovery wants a little more than its bound', async () => {
  const { disk, room, told } = openRoom();
  const after = async (free: number): Promise<RoomLevel> => {
    disk.free = free;
    await room.look();
    return room.level;
  };
  expect(await after(250)).toBe('enough');
  for (const free of [199, 100, 209]) expect(await after(free)).toBe('scarce');
  for (const free of [99, 50, 99, 101, 104]) expect(await after(free)).toBe('short');
  for (const free of [49, 51]) expect(await after(free)).toBe('full');
  expect(await after(53)).toBe('short');
  for (const free of [105, 101, 209]) expect(await after(free)).toBe('scarce');
  for (const free of [210, 201]) expect(await after(free)).toBe('enough');
  expect(told).toEqual(['scarce', 'short', 'full', 'short', 'scarce', 'enough']);
});

test('a disk that cannot be looked at leaves things as they are, and says so once', async () => {
  const { disk, room, told, errors } = openRoom();
  disk.free = 10;
  await room.look();
  disk.failure = new Error('gone');
  for (let look = 0; look < 3; look++) await room.look();
  expect([room.level, told, errors]).toEqual(['full', ['full'], [disk.failure]]);
  disk.failure = undefined;
  await room.look();
  disk.failure = new Error('gone again');
  await room.look();
  expect(errors).toHaveLength(2);
});

test('questions at the same time cost one look', async () => {
  const { disk, room } = openRoom();
  await Promise.all([room.look(), room.look(), room.look()]);
  expect(disk.looks).toBe(1);
});

test('looks once a second after the start, and no more after the end', async () => {
  const { disk, room } = openRoom();
  await room.start();
  expect(disk.looks).toBe(1);
  await expect.poll(() => disk.looks, { timeout: 3_000 }).toBe(2);
  room.stop();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(disk.looks).toBe(2);
});

test('the disk of a folder has some free bytes', async () => {
  expect(await freeBytesAt(tmpdir())()).toBeGreaterThan(0);
});
