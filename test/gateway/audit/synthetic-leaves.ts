/** Leaves for tests of the published log: runs of commits of any size, kept in memory. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogBuilder } from '../../../gateway/audit/log-builder.ts';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { readSignedBefore, type SignedBeforeOptions } from '../../../gateway/audit/signed-before.ts';
import type { LeafRun, LeafSource } from '../../../gateway/store/port.ts';
import { encodeBundle } from '../../../protocol/proof/tile.ts';
import { noteSigner, type NoteSigner } from '../../../protocol/proof/note-signer.ts';

export const origin = 'gateway.test/log';

export function leafText(index: number, variant = ''): Buffer {
  return Buffer.from(`{"kind":"test.happened","at":${index}${variant}}`);
}

/** A store's leaves, in commits. */
export class Leaves {
  readonly runs: LeafRun[] = [];
  size = 0;

  commit(count: number, variant = ''): void {
    const entries = Array.from({ length: count }, (_, place) => leafText(this.size + place, variant));
    this.runs.push({ first: this.size, count, leaves: encodeBundle(entries) });
    this.size += count;
  }

  /** A few commits at a time, as a store gives about a mebibyte. */
  readLeafRuns(from: number): readonly LeafRun[] {
    return this.runs.filter(({ first, count }) => first + count > from).slice(0, 3);
  }
}

export function createSigner(name = origin): NoteSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return noteSigner(name, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** A temporary folder that removes itself at the end of its scope. */
export async function temporaryFolder(): Promise<{ readonly dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-log-'));
  return { dir, [Symbol.asyncDispose]: async () => rm(dir, { recursive: true, force: true }) };
}

function nowhere(dir: string): Pick<SignedBeforeOptions, 'historyDir' | 'exportDir'> {
  return { historyDir: join(dir, 'nothing'), exportDir: undefined };
}

export async function openBuilder(
  dir: string,
  source: Pick<LeafSource, 'readLeafRuns'>,
  signer: NoteSigner,
  folder = new LogFolder(dir),
  elsewhere: Pick<SignedBeforeOptions, 'historyDir' | 'exportDir'> = nowhere(dir),
): Promise<LogBuilder> {
  const { verifierKey } = signer;
  return LogBuilder.open({
    ...{ folder, source, signer },
    readSignedBefore: () => readSignedBefore({ folder, verifierKey, now: Date.now, ...elsewhere }),
  });
}
