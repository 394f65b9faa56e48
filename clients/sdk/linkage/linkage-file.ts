/**
 * What an endpoint's home holds to make tokens: `linkage.json`, for its owner only.
 *
 * Either the linkage keys of the agreement, one for each epoch in use, or the two holders that evaluate for it.
 * During a rotation there are two epochs: tokens of both are sent until the older one is retired.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CausewayError } from '../../../protocol/errors.ts';
import { changeAlone } from '../../../files/change-alone.ts';
import { replaceFile } from '../../../files/durable-file.ts';
import { shellWord } from '../../../files/shell-word.ts';
import type { LinkageKey } from './keyed-tokens.ts';

const fileName = 'linkage.json';
export const secretBytes = 32;

const epochSchema = z.int().min(0).max(1_000_000);
const rawSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');

/** A linkage key as it is handed from agency to agency. */
export const linkageKeySchema = z.strictObject({ epoch: epochSchema, secret: rawSchema });

const purposeWords = 'must be a lower-case name such as child-protection';
const purposeSchema = z.string(purposeWords).regex(/^[a-z][a-z0-9-]{0,62}$/, purposeWords);

const keysSchema = z.strictObject({
  version: z.literal(1),
  mode: z.literal('key'),
  purpose: purposeSchema,
  /** The newest epoch first. */
  keys: z.array(linkageKeySchema).min(1).max(2),
});

/** Without TLS on this machine only. What is no address at all is told as that. */
function isProtected(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

const tokenWords = 'must be the token that the operator of the holder has given';

/** One of the two holders: where it is, how it knows this endpoint, its public key by epoch. */
export const holderSchema = z.strictObject({
  url: z
    .url({
      protocol: /^https?$/,
      error: 'must be the address of the holder, such as https://holder.example:8444',
    })
    .refine(isProtected, 'must begin with https: its token travels with each question'),
  token: z.string(tokenWords).min(20, tokenWords).max(200, tokenWords),
  publicKeys: z.record(z.string().regex(/^\d{1,7}$/), rawSchema),
  /** PEM of the authority that its TLS certificate must come from; default: those of the system. */
  authority: z
    .string()
    .regex(
      /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/,
      'must be the certificate itself, as PEM, not the name of its file',
    )
    .optional(),
});
export type Holder = z.infer<typeof holderSchema>;

function hostOf({ url }: Holder): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** What `causeway linkage holders` takes. */
export const holdersSchema = z
  .strictObject({
    version: z.literal(1),
    mode: z.literal('oblivious', 'must be "oblivious"'),
    purpose: purposeSchema,
    /** The newest first, in whatever order they are given: the other one is the one that is being left. */
    epochs: z
      .array(epochSchema)
      .min(1)
      .max(2)
      .refine((epochs) => new Set(epochs).size === epochs.length, 'must not name an epoch twice')
      .transform((epochs) => epochs.toSorted((one, other) => other - one)),
    holders: z.tuple([holderSchema, holderSchema], 'must be a list of two holders'),
  })
  .superRefine(({ epochs, holders }, context) => {
    const refuse = (message: string): void =>
      context.addIssue({ code: 'custom', path: ['holders'], message });
    const [one, other] = holders;
    const ownKeys = new Set(Object.values(one.publicKeys));
    if (hostOf(one) === hostOf(other)) refuse('must be at two addresses');
    if (Object.values(other.publicKeys).some((key) => ownKeys.has(key)))
      refuse('must have keys of their own');
    for (const epoch of epochs) {
      const isKnown = holders.every(({ publicKeys }) => publicKeys[epoch] !== undefined);
      if (!isKnown) refuse(`must each have a public key for epoch ${epoch}`);
    }
  });

const fileSchema = z.discriminatedUnion('mode', [keysSchema, holdersSchema]);
export type LinkageSettings = z.infer<typeof fileSchema>;
export type HolderSettings = z.infer<typeof holdersSchema>;

/**
 * Reads a home's linkage settings; undefined when it has none.
 * @throws CausewayError `home-invalid`
 */
export async function readLinkageSettings(home: string): Promise<LinkageSettings | undefined> {
  const path = join(home, fileName);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if ((found.mode & 0o077) !== 0) {
    throw new CausewayError('home-invalid', {
      detail: `Other users of this machine may read ${path}. If none has, run: chmod 600 ${shellWord(path)}`,
    });
  }
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // The cause would quote the file, and the file is the key.
    throw new CausewayError('home-invalid', { detail: `${path} is damaged.` });
  }
}

/**
 * Reads, changes and writes a home's linkage settings while no other command does: a key that is lost between two would be
 * missed when notices no longer meet.
 * @throws CausewayError `file-in-use` where another one takes too long
 */
export async function changeLinkageAlone<T>(home: string, change: () => Promise<T>): Promise<T> {
  return changeAlone(join(home, fileName), change);
}

/** Writes a home's linkage settings, readable by its owner only, at one stroke. */
export async function writeLinkageSettings(home: string, settings: LinkageSettings): Promise<void> {
  await replaceFile(join(home, fileName), `${JSON.stringify(fileSchema.parse(settings), null, 2)}\n`);
}

/** A fresh linkage key. */
export function createLinkageKey(epoch: number): LinkageKey {
  return { epoch, secret: randomBytes(secretBytes) };
}

/**
 * A home's settings with one more key. The newest two epochs stay, and a third is refused.
 * @throws CausewayError `request-malformed`
 */
export function addLinkageKey(
  settings: LinkageSettings | undefined,
  key: LinkageKey,
  purpose: string,
): LinkageSettings {
  if (settings?.mode === 'oblivious') {
    throw new CausewayError('request-malformed', {
      detail:
        'Two holders make the tokens of this home. A key would take their place: remove its linkage.json first.',
    });
  }
  if (settings !== undefined && settings.purpose !== purpose) {
    throw new CausewayError('request-malformed', {
      detail: `The keys of this home are for ${settings.purpose}: with another purpose no token would meet those sent so far.`,
    });
  }
  const before = settings?.keys ?? [];
  const secret = Buffer.from(key.secret).toString('base64url');
  const known = before.find(({ epoch }) => epoch === key.epoch);
  if (known !== undefined && known.secret !== secret) {
    throw new CausewayError('request-malformed', {
      detail: `This home has another key for epoch ${key.epoch}. Agencies with different keys for one epoch never meet: make or import the next epoch, and then retire this one.`,
    });
  }
  const others = before.filter(({ epoch }) => epoch !== key.epoch);
  if (others.length > 1) {
    throw new CausewayError('request-malformed', {
      detail: 'Two epochs are in use. Retire the older one first.',
    });
  }
  const keys = [...others, { epoch: key.epoch, secret }].sort((one, other) => other.epoch - one.epoch);
  return { version: 1, mode: 'key', purpose, keys };
}

/**
 * What two agencies compare to know that they hold the same key for the same purpose, without showing it. 16
 * hexadecimal digits.
 */
export function fingerprintOfKey({ epoch, secret }: LinkageKey, purpose: string): string {
  return createHmac('sha256', secret)
    .update(`causeway/v1/linkage-check\0${purpose}\0${epoch}`)
    .digest('hex')
    .slice(0, 16);
}

/** The same for two holders, whose public keys are compared in whatever order they are listed. */
export function fingerprintOfHolders(holders: readonly Holder[], epoch: number, purpose: string): string {
  const keys = holders.map(({ publicKeys }) => publicKeys[String(epoch)] ?? '').sort();
  return createHash('sha256')
    .update(`causeway/v1/holders-check\0${purpose}\0${epoch}\0${keys.join('\0')}`)
    .digest('hex')
    .slice(0, 16);
}
