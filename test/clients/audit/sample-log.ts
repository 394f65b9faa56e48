/** A log made for a test: its files by path, its keys, and entries that can be told apart. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LogFiles } from '../../../clients/audit/log-folder.ts';
import { signCheckpoint } from '../../../protocol/proof/checkpoint.ts';
import { addSignatures, parseNote } from '../../../protocol/proof/note.ts';
import { cosigner, noteSigner, type Cosigner, type NoteSigner } from '../../../protocol/proof/note-signer.ts';
import { TileBuilder } from '../../../protocol/proof/tile-builder.ts';
import { encodeBundle, tilePath, tileWidth, tileWidthAt } from '../../../protocol/proof/tile.ts';

export function newKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

export const logSigner = noteSigner('log.example/causeway', newKeyPem());
export const committee = cosigner('witness.example/committee', newKeyPem());

export function entriesOf(count: number, name = 'entry'): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(`{"${name}":${index},"code":"message.accepted"}`),
  );
}

export type SampleOptions = {
  readonly signer?: NoteSigner;
  readonly witness?: Cosigner;
  readonly origin?: string;
  /** Entries for the bundles, where they are not those of the tiles. */
  readonly shown?: readonly Buffer[];
};

/** Every file of a log with these entries: path → content. */
export function sampleLog(entries: readonly Buffer[], options: SampleOptions = {}): Map<string, Buffer> {
  const { signer = logSigner, witness, shown = entries } = options;
  const files = new Map<string, Buffer>();
  const builder = new TileBuilder();
  for (const tile of builder.append(entries)) files.set(tilePath(tile), tile.bytes);
  for (const tile of builder.partialTiles()) files.set(tilePath(tile), tile.bytes);
  for (let index = 0; index * tileWidth < entries.length; index++) {
    const width = tileWidthAt(0, index, entries.length);
    const bundle = shown.slice(index * tileWidth, index * tileWidth + width);
    files.set(tilePath({ level: 'entries', index, width }), encodeBundle(bundle));
  }
  const { origin = signer.verifierKey.name } = options;
  const checkpoint = signCheckpoint({ origin, size: entries.length, root: builder.root() }, signer);
  const lines = witness === undefined ? [] : [witness.cosign(parseNote(checkpoint).text, 1_700_000_000)];
  files.set('checkpoint', Buffer.from(addSignatures(checkpoint, lines)));
  return files;
}

/** The files as a verifier reads them. */
export function filesIn(files: ReadonlyMap<string, Buffer>): LogFiles {
  return {
    readFile: (path, limit) => Promise.resolve(files.get(path)?.subarray(0, limit + 1)),
    namesIn: (folder) =>
      Promise.resolve(
        [...files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path)),
      ),
    async *paths() {
      for (const path of files.keys()) if (path.startsWith('tile/')) yield await Promise.resolve(path);
    },
  };
}

/** Writes the files into a folder. */
export async function writeLog(dir: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), bytes);
  }
}
