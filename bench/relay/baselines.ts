/** What the machine can do by itself, measured in the same run: `ws` echo, and writes of 2 KiB each synced. */
import { execFile } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { fdatasyncSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Child, type ChildMessage } from '../child.ts';

type Counted = ChildMessage & { echoed: number; at: number };

/** Messages a second through a plain `ws` echo between two processes. */
export async function measureEcho(window: number, bytes: number, seconds: number): Promise<number> {
  const server = new Child(new URL('./echo-server.ts', import.meta.url), []);
  const { port } = await server.next<ChildMessage & { port: number }>('listening');
  const client = new Child(new URL('./echo-client.ts', import.meta.url), [
    String(port),
    String(window),
    String(bytes),
  ]);
  try {
    await client.next('ready');
    await wait(1_000);
    const from = await client.ask<Counted>({ type: 'count' }, 'counted');
    await wait(seconds * 1_000);
    const to = await client.ask<Counted>({ type: 'count' }, 'counted');
    return ((to.echoed - from.echoed) * 1_000) / (to.at - from.at);
  } finally {
    await client.stop();
    await server.stop();
  }
}

/** Writes of this size a second, each followed by fdatasync. */
export async function measureFdatasync(folder: string, bytes: number, seconds: number): Promise<number> {
  const path = join(folder, 'fdatasync');
  const file = await open(path, 'w');
  const block = Buffer.alloc(bytes, 7);
  let writes = 0;
  const from = performance.now();
  while (performance.now() - from < seconds * 1_000) {
    writeSync(file.fd, block);
    fdatasyncSync(file.fd);
    writes++;
  }
  const elapsed = performance.now() - from;
  await file.close();
  await rm(path);
  return (writes * 1_000) / elapsed;
}

/** Has the machine back so many bytes of memory that are free: see touch-memory.ts. */
export async function touchMemory(bytes: number): Promise<void> {
  const script = fileURLToPath(new URL('./touch-memory.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [script, String(bytes)]);
}
