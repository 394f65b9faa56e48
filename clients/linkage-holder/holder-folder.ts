/**
 * A holder's folder, for its owner only.
 *
 * ```
 * holder.json    the seed of its keys, who may ask and how much
 * audit.ndjson   every evaluation and every change to holder.json, append-only
 * holder.lock    kept by the process that works on the folder
 * ```
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
import { replaceFile, syncFolder, writeNewFile } from '../../files/durable-file.ts';
import { fileReason, fileTrouble } from '../../files/file-trouble.ts';
import { makeFolder } from '../../files/make-folder.ts';
import { shellWord } from '../../files/shell-word.ts';

const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9/-]{0,126}$/);

const folderSchema = z.strictObject({
  version: z.literal(1),
  /** 32 random bytes, base64url. Every epoch's key is derived from it. */
  seed: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** The newest first. */
  epochs: z.array(z.int().min(0).max(1_000_000)).min(1).max(2),
  /** Evaluations that one client may ask for in an hour. */
  evaluationsPerHour: z.int().min(1),
  /** Who may ask: SHA-256 of their token, base64url. */
  clients: z.array(z.strictObject({ name: nameSchema, tokenDigest: z.string().length(43) })).min(1),
});
export type HolderFolder = z.infer<typeof folderSchema> & { readonly dir: string };

export type HolderKey = { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array };

/** What the holder tells a client once: its token and the public keys, for the client's settings. */
export type ClientInvitation = {
  readonly name: string;
  readonly token: string;
  readonly publicKeys: Readonly<Record<string, string>>;
};

/**
 * Makes a holder's folder. The tokens are in the answer only; the folder keeps their digests.
 * @throws CausewayError `home-exists`
 */
export async function createHolderFolder(
  dir: string,
  options: { epochs: readonly number[]; clients: readonly string[]; evaluationsPerHour: number },
): Promise<ClientInvitation[]> {
  const twice = options.clients.find((name, at) => options.clients.indexOf(name) !== at);
  if (twice !== undefined)
    throw new CausewayError('request-malformed', { detail: `The client ${twice} is named twice.` });
  await makeFolder(dir, 0o700);
  const path = join(dir, 'holder.json');
  const tokens = options.clients.map((name) => ({ name, token: randomBytes(32).toString('base64url') }));
  const folder: z.infer<typeof folderSchema> = {
    version: 1,
    seed: randomBytes(32).toString('base64url'),
    epochs: [...options.epochs],
    evaluationsPerHour: options.evaluationsPerHour,
    clients: tokens.map(({ name, token }) => ({ name, tokenDigest: digestOfToken(token) })),
  };
  assertFolder(folder);
  try {
    await writeNewFile(path, textOf(folder));
    await syncFolder(dir);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw fileTrouble(cause, `No holder can be made in ${dir}`) ?? cause;
    throw new CausewayError('home-exists', { detail: `${path} is there already.`, cause });
  }
  const publicKeys = publicKeysOf(folder);
  return tokens.map(({ name, token }) => ({ name, token, publicKeys }));
}

/** Reads a holder's folder. @throws CausewayError `home-invalid` */
export async function openHolderFolder(dir: string): Promise<HolderFolder> {
  const path = join(dir, 'holder.json');
  const found = await stat(path).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (found instanceof Error) {
    // Whoever only lacks the rights to it must not make another key in its place.
    if (found.code !== 'ENOENT')
      throw new CausewayError('home-invalid', { detail: `${path} cannot be read${fileReason(found)}.` });
    throw new CausewayError('home-invalid', {
      detail: `${path} is not there. A new holder is made by: causeway linkage-holder init`,
    });
  }
  if ((found.mode & 0o077) !== 0) {
    throw new CausewayError('home-invalid', {
      detail: `Other users of this machine may read ${path}. If none has, run: chmod 600 ${shellWord(path)}`,
    });
  }
  try {
    return { ...folderSchema.parse(JSON.parse(await readFile(path, 'utf8'))), dir };
  } catch {
    // The cause would quote the file, and the file is the key.
    throw new CausewayError('home-invalid', { detail: `${path} is damaged.` });
  }
}

/**
 * Writes a changed folder, at one stroke, for its owner only.
 * @param record called when the folder is known to be right, before anything is written
 * @throws CausewayError `request-malformed`
 */
export async function writeHolderFolder(
  { dir, ...folder }: HolderFolder,
  record: () => Promise<void>,
): Promise<void> {
  assertFolder(folder);
  await record();
  await replaceFile(join(dir, 'holder.json'), textOf(folder));
}

/** The public key of each epoch, by its number. */
export function publicKeysOf({
  seed,
  epochs,
}: Pick<HolderFolder, 'seed' | 'epochs'>): Record<string, string> {
  return Object.fromEntries(
    epochs.map((epoch) => [
      String(epoch),
      Buffer.from(deriveHolderKey(seed, epoch).publicKey).toString('base64url'),
    ]),
  );
}

function textOf(folder: z.infer<typeof folderSchema>): string {
  return `${JSON.stringify(folder, null, 2)}\n`;
}

function assertFolder(folder: z.infer<typeof folderSchema>): void {
  if (folderSchema.safeParse(folder).success) return;
  throw new CausewayError('request-malformed', {
    detail: 'A client needs a name such as agency/endpoint: small letters, digits, hyphens and slashes.',
  });
}

/** The key of one epoch (RFC 9497, DeriveKeyPair). */
export function deriveHolderKey(seed: string, epoch: number): HolderKey {
  const info = Buffer.from(`causeway/v1/linkage-holder\0${epoch}`, 'utf8');
  return ristretto255_oprf.voprf.deriveKeyPair(Buffer.from(seed, 'base64url'), info);
}

export function digestOfToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('base64url');
}
