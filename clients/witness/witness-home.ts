/**
 * A witness's home folder, readable by its owner only.
 *
 * ```
 * witness.json   name, address, the logs that it follows      witness.key    Ed25519 private key, PKCS#8 PEM
 * witness.db     what it has cosigned                         witness.vkey   its verifier key, to be handed out
 * ```
 */
import { generateKeyPairSync } from 'node:crypto';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
import { cosigner, type Cosigner } from '../../protocol/proof/note-signer.ts';
import {
  formatVerifierKey,
  isKeyName,
  parseVerifierKey,
  signatureTypes,
} from '../../protocol/proof/verifier-key.ts';
import { wordsOfIssue } from '../../protocol/wire/words-of-issue.ts';
import { changeAlone } from '../../files/change-alone.ts';
import { replaceFile, writeNewFile } from '../../files/durable-file.ts';
import { fileTrouble } from '../../files/file-trouble.ts';
import { makePrivateFolder, readHomeFile, readPrivateFile } from '../../files/private-folder.ts';
import { describeTlsFault } from '../../files/tls-pair.ts';
import type { FollowedLog } from './witness.ts';
import { WitnessStore } from './witness-store.ts';

const files = {
  settings: 'witness.json',
  key: 'witness.key',
  verifierKey: 'witness.vkey',
  store: 'witness.db',
} as const;

const logSchema = z.strictObject({
  origin: z.string().min(1).max(500),
  /** Verifier keys of the log. */
  keys: z.array(z.string().refine(isLogKey, 'must be the verifier key of a log')).min(1).max(16),
});

const settingsSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().max(500).refine(isKeyName, 'must be a name without spaces and plus signs'),
  listen: z.string().min(1).max(255),
  port: z.int().min(0).max(65_535),
  /** PEM files, relative to the folder; with them it speaks HTTPS. */
  tls: z.strictObject({ key: z.string().min(1), certificate: z.string().min(1) }).optional(),
  logs: z.array(logSchema).max(10_000),
});

/** What an operator sets. */
export type WitnessSettings = z.infer<typeof settingsSchema>;

/** A witness's home, opened. */
export type WitnessHome = {
  readonly dir: string;
  readonly settings: WitnessSettings;
  readonly cosigner: Cosigner;
  readonly logs: readonly FollowedLog[];
  /** Where its memory is. */
  readonly storePath: string;
  readonly tls?: { readonly key: string; readonly cert: string };
};

/**
 * Makes a new home with a new key. It is filled beside its place and gets its name at the end.
 * @throws CausewayError `home-exists`, `configuration-invalid`, `file-unavailable`
 */
export async function createWitnessHome(
  dir: string,
  given: Omit<WitnessSettings, 'version'>,
): Promise<WitnessHome> {
  const settings = checkSettings({ version: 1, ...given }, files.settings);
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const { verifierKey } = cosigner(settings.name, pem);
  const { target } = await makePrivateFolder(dir, async (draft) => {
    await writeNewFile(join(draft, files.key), pem);
    await writeNewFile(join(draft, files.verifierKey), `${formatVerifierKey(verifierKey)}\n`, 0o644);
    await writeNewFile(join(draft, files.settings), describe(settings));
    WitnessStore.create(join(draft, files.store));
  }).catch((error: unknown) => {
    throw fileTrouble(error, `No witness can be made in ${dir}`) ?? error;
  });
  return openWitnessHome(target);
}

/** Opens a home. @throws CausewayError `home-invalid`, `configuration-invalid` */
export async function openWitnessHome(dir: string): Promise<WitnessHome> {
  const home = resolve(dir);
  const settings = await readSettings(join(home, files.settings));
  const { name, tls } = settings;
  const pem = await readPrivateFile(join(home, files.key), 'witness');
  const own = signingAs(name, pem, join(home, files.key));
  const logs = settings.logs.map(({ origin, keys }) => ({
    origin,
    keys: keys.map((key) => parseVerifierKey(key)),
  }));
  const storePath = join(home, files.store);
  if (tls === undefined) return { dir: home, settings, cosigner: own, logs, storePath };
  // They may lie anywhere.
  const [key, cert] = [
    await readPrivateFile(resolve(home, tls.key), undefined),
    await readHomeFile(resolve(home, tls.certificate), undefined),
  ];
  const fault = describeTlsFault({ pem: key, name: tls.key }, { pem: cert, name: tls.certificate });
  if (fault !== undefined) {
    const detail = `${fault} They are named as \`tls\` in ${join(home, files.settings)}.`;
    throw new CausewayError('configuration-invalid', { detail });
  }
  return { dir: home, settings, cosigner: own, logs, storePath, tls: { key, cert } };
}

/**
 * Follows a log, or adds a key to one that is followed. A running witness takes it at its next start.
 * @throws as {@link openWitnessHome}; CausewayError `file-in-use` where another command changes it all the while
 */
export async function followLog(
  dir: string,
  origin: string,
  keys: readonly string[],
): Promise<WitnessSettings> {
  const path = join(resolve(dir), files.settings);
  return changeAlone(path, async () => {
    const settings = await readSettings(path);
    const present = settings.logs.find((log) => log.origin === origin)?.keys ?? [];
    const log = { origin, keys: [...new Set([...present, ...keys])] };
    const others = settings.logs.filter((other) => other.origin !== origin);
    const next = checkSettings({ ...settings, logs: [...others, log] }, path);
    await replaceFile(path, describe(next));
    return next;
  });
}

function isLogKey(text: string): boolean {
  try {
    return parseVerifierKey(text).type === signatureTypes.ed25519;
  } catch {
    return false;
  }
}

function describe(settings: WitnessSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

async function readSettings(path: string): Promise<WitnessSettings> {
  const text = await readHomeFile(path, 'witness');
  try {
    return checkSettings(JSON.parse(text), path);
  } catch (cause) {
    if (cause instanceof CausewayError) throw cause;
    throw new CausewayError('configuration-invalid', { detail: `${path} is not JSON.`, cause });
  }
}

function checkSettings(value: unknown, path: string): WitnessSettings {
  const result = settingsSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({
    at: `/${issue.path.join('/')}`,
    message: wordsOfIssue(issue),
  }));
  const words = problems.map(({ at, message }) => `${at} ${message}`).join('; ');
  throw new CausewayError('configuration-invalid', { detail: `${words}. The file is ${path}.`, problems });
}

function signingAs(name: string, pem: string, path: string): Cosigner {
  try {
    return cosigner(name, pem);
  } catch (cause) {
    throw new CausewayError('home-invalid', { detail: `${path} is damaged.`, cause });
  }
}
