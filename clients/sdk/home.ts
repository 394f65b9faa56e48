/**
 * An endpoint's home folder: its identity, readable by its owner only.
 *
 * ```
 * identity.json   endpoint, gateway, receipt key, log  openpgp.key   OpenPGP private key, armored
 * tls.pem         TLS private key and certificate      signing.key   Ed25519 private key
 * ca.crt          the gateway's issuing CA
 * state.db        see `state-database.ts`              state-begun   see `begun-state.ts`
 * ```
 *
 * TLS key and certificate share a file so that renewal replaces both at one stroke.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
import {
  digestSchema,
  endpointAddressSchema,
  type Digest,
  type EndpointAddress,
} from '../../protocol/ids.ts';
import { isVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { rawKeySchema } from '../../protocol/wire/directory.ts';
import { replaceFile } from '../../files/durable-file.ts';
import { placeTaken, readHomeFile, readPrivateFile } from '../../files/private-folder.ts';

/** An endpoint's identity, as its home keeps it. */
export type HomeIdentity = {
  readonly endpoint: EndpointAddress;
  /** `https://host:port`. */
  readonly gatewayUrl: string;
  readonly tlsKeyPem: string;
  readonly tlsCertificatePem: string;
  /** The gateway's issuing CA, PEM: the only one that this endpoint trusts. */
  readonly authorityPem: string;
  /** OpenPGP private key, armored; see `openpgp.ts`. */
  readonly openpgpPrivateKey: string;
  /** Ed25519 private key that signs envelopes and receipts, PKCS#8 PEM. */
  readonly signingKeyPem: string;
  /** The raw Ed25519 key that signs the gateway's receipts, base64url. */
  readonly receiptKey: string;
  readonly log: HomeLog;
};

/** The gateway's audit log, as this endpoint came to know it at enrolment. */
export type HomeLog = {
  /** Its verifier key, `origin+hash+key`: this log is trusted and no other. */
  readonly key: string;
  /** Index of the leaf of this endpoint's enrolment: from there on the log is followed. */
  readonly from: number;
  /** Digest of the directory entry that enrolment made. */
  readonly entry: Digest;
} & WitnessTrust;

/** Verifier keys of witnesses that an endpoint knows, and how many of them must have cosigned a checkpoint. */
export type WitnessTrust = { readonly witnesses: readonly string[]; readonly witnessesNeeded: number };

/** The private keys, which an endpoint makes before anybody knows it. */
export type HomeKeys = Pick<HomeIdentity, 'tlsKeyPem' | 'openpgpPrivateKey' | 'signingKeyPem'>;

/** An identity and where it lives. */
export type Home = HomeIdentity & { readonly dir: string };

const identitySchema = z.strictObject({
  version: z.literal(1),
  endpoint: endpointAddressSchema,
  gateway: z.url({ protocol: /^https$/ }),
  receiptKey: rawKeySchema,
  log: z
    .strictObject({
      key: z.string().refine(isVerifierKey),
      from: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
      entry: digestSchema,
      witnesses: z.array(z.string().refine(isVerifierKey)).max(100),
      witnessesNeeded: z.int().min(0),
    })
    .refine(({ witnesses, witnessesNeeded }) => witnessesNeeded <= witnesses.length),
});

/** Names of the files. */
export const homeFiles = {
  identity: 'identity.json',
  tls: 'tls.pem',
  authority: 'ca.crt',
  openpgp: 'openpgp.key',
  signing: 'signing.key',
} as const;

/** Makes sure that a home can be made at `dir`, before anything is spent on it. @throws CausewayError `home-exists` */
export async function refuseExistingHome(dir: string): Promise<void> {
  const found = await lstat(dir).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory() && (await isEmpty(dir))) return;
  throw placeTaken(dir, found.isDirectory());
}

/**
 * Reads a home and checks that its parts fit together.
 * @throws CausewayError `home-invalid`, naming the file
 */
export async function openHome(dir: string): Promise<Home> {
  const home = resolve(dir);
  const path = (name: keyof typeof homeFiles): string => join(home, homeFiles[name]);
  const identity = await readIdentity(path('identity'));
  const tls = splitTlsFile(await readPrivateFile(path('tls'), 'endpoint'), path('tls'));
  const authorityPem = await readHomeFile(path('authority'), 'endpoint');
  requireUsable(path('authority'), () => new X509Certificate(authorityPem));
  const signingKeyPem = await readPrivateFile(path('signing'), 'endpoint');
  requireUsable(path('signing'), () => {
    if (createPrivateKey(signingKeyPem).asymmetricKeyType !== 'ed25519') throw new Error('not Ed25519');
  });
  return {
    dir: home,
    endpoint: identity.endpoint,
    gatewayUrl: identity.gateway,
    receiptKey: identity.receiptKey,
    log: identity.log,
    ...tls,
    authorityPem,
    openpgpPrivateKey: await readPrivateFile(path('openpgp'), 'endpoint'),
    signingKeyPem,
  };
}

/** Puts a new TLS key and certificate into a home, both or neither. */
export async function replaceTlsIdentity(
  home: Home,
  tls: Pick<HomeIdentity, 'tlsKeyPem' | 'tlsCertificatePem'>,
): Promise<Home> {
  await replace(home, 'tls', tls.tlsKeyPem + tls.tlsCertificatePem);
  return { ...home, ...tls };
}

/** Puts the OpenPGP private key with a further subkey into a home. */
export async function replaceOpenpgpKey(home: Home, openpgpPrivateKey: string): Promise<Home> {
  await replace(home, 'openpgp', openpgpPrivateKey);
  return { ...home, openpgpPrivateKey };
}

/** Puts other witnesses into a home. They count from the next start of a client. */
export async function replaceWitnesses(home: Home, trusted: WitnessTrust): Promise<Home> {
  const changed = { ...home, log: { ...home.log, ...trusted } };
  await replace(home, 'identity', describeIdentity(changed));
  return changed;
}

async function replace(home: Home, name: keyof typeof homeFiles, content: string): Promise<void> {
  await replaceFile(join(home.dir, homeFiles[name]), content);
}

/** What `identity.json` says. */
export function describeIdentity(identity: HomeIdentity): string {
  const described: z.input<typeof identitySchema> = {
    version: 1,
    endpoint: identity.endpoint,
    gateway: identity.gatewayUrl,
    receiptKey: identity.receiptKey,
    log: { ...identity.log, witnesses: [...identity.log.witnesses] },
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

async function readIdentity(path: string): Promise<z.infer<typeof identitySchema>> {
  const text = await readHomeFile(path, 'endpoint');
  return requireUsable(path, () => identitySchema.parse(JSON.parse(text)));
}

function splitTlsFile(text: string, path: string): Pick<HomeIdentity, 'tlsKeyPem' | 'tlsCertificatePem'> {
  const at = text.indexOf('-----BEGIN CERTIFICATE-----');
  const tls = { tlsKeyPem: text.slice(0, at), tlsCertificatePem: text.slice(at) };
  return requireUsable(path, () => {
    const certificate = new X509Certificate(tls.tlsCertificatePem);
    if (!certificate.checkPrivateKey(createPrivateKey(tls.tlsKeyPem))) throw new Error('not a pair');
    return tls;
  });
}

function requireUsable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CausewayError('home-invalid', {
      detail: `${path} is damaged, or another file stands in its place.`,
      cause,
    });
  }
}

async function isEmpty(dir: string): Promise<boolean> {
  return (await readdir(dir)).length === 0;
}
