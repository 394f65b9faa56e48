/**
 * The gateway's home folder.
 *
 * ```
 * gateway.yaml   settings                  ca.key   ca.crt    the issuing CA
 * policies/      the sharing agreement     tls.key  tls.crt   the gateway's own certificate, renewed at start
 * causeway.db    the store                 receipt.key        signs receipts (Ed25519)
 * log/           the audit log, for all    log.key            signs its checkpoints (Ed25519)
 * checkpoints/   checkpoints of the past    audit.key          opens the bodies of its leaves, with the store
 * correlator.key, correlator.pgp, correlator.asc: the keys that sign alerts, and the certificate of the second
 * ```
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { replaceFile, writeNewFile } from '../../files/durable-file.ts';
import { fileTrouble } from '../../files/file-trouble.ts';
import { auditKeyBytes } from '../store/case-vault.ts';
import { batchSigner } from '../../protocol/proof/signing.ts';
import { isMongodbAddress } from '../store/store-address.ts';
import {
  readCorrelatorKeys,
  readCorrelatorNames,
  writeCorrelatorKeys,
  type CorrelatorKeys,
} from '../identity/correlator-identity.ts';
import { createAuthority, createP256Key, openAuthority, type Authority } from '../identity/authority.ts';
import { usableKey } from '../identity/usable-key.ts';
import {
  describeMisfits,
  describeSettings,
  gatewaySettingsSchema,
  readSettings,
  type GatewaySettings,
} from './gateway-settings.ts';
import { requireCopyable } from './copyable-policies.ts';
import { isServerCertificateDue, keyToCertify } from './server-certificate.ts';
import { makePrivateFolder, readHomeFile, readPrivateFile } from '../../files/private-folder.ts';

const files = {
  settings: 'gateway.yaml',
  policies: 'policies',
  authorityKey: 'ca.key',
  authorityCertificate: 'ca.crt',
  tlsKey: 'tls.key',
  tlsCertificate: 'tls.crt',
  receiptKey: 'receipt.key',
  logKey: 'log.key',
  auditKey: 'audit.key',
  log: 'log',
  checkpoints: 'checkpoints',
} as const;

/** What an operator decides when a gateway is made. */
type GatewayHomeOptions = {
  /** Stands in the CA certificate, for people. */
  readonly name: string;
  /** Names and addresses under which endpoints reach the gateway. */
  readonly hosts: readonly string[];
  /** The address and port to listen on. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** See `gateway-settings.ts`. */
  readonly freeDiskMebibytes?: number | undefined;
  /** The policy folder to copy. */
  readonly policiesFrom: string;
  readonly now: () => number;
};

/** What the store needs besides its file. */
type StoreKeys = {
  /** Ed25519 private key, PKCS#8 PEM, which signs receipts. */
  readonly receiptKeyPem: string;
  /** 32 bytes. */
  readonly auditKey: Buffer;
};

/** A gateway's home, read and checked. */
export type GatewayHome = {
  readonly dir: string;
  readonly settings: GatewaySettings;
  /** The embedded store's file, absolute, or the address of MongoDB. */
  readonly store: string;
  readonly policiesDir: string;
  readonly authority: Authority;
  /** For the TLS server: key, chain with the CA at its end, and the CA that client certificates come from. */
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string };
  /** True where its own certificate was renewed as it was opened. */
  readonly isRenewed: boolean;
  /** What the store needs besides its file: see `SqliteStoreOptions`. */
  readonly storeKeys: StoreKeys;
  /** The public key of receipts, raw, base64url. */
  readonly receiptKey: string;
  /** Ed25519 private key, PKCS#8 PEM, which signs the checkpoints of the audit log. */
  readonly logKeyPem: string;
  /** The folder of the audit log: tiles, entries and checkpoints, for everybody to read. */
  readonly logDir: string;
  /** Where checkpoints of the past are kept. */
  readonly checkpointsDir: string;
  /** With which the correlator signs its alerts. */
  readonly correlatorKeys: CorrelatorKeys;
};

/**
 * Makes a gateway's home with fresh keys.
 * @throws CausewayError `home-exists`, `configuration-invalid`, `file-unavailable`
 */
export async function initGatewayHome(dir: string, options: GatewayHomeOptions): Promise<GatewayHome> {
  const { name, host, port, hosts, freeDiskMebibytes, policiesFrom, now } = options;
  const settings = gatewaySettingsSchema.safeParse({ host, port, hosts, freeDiskMebibytes });
  if (!settings.success) {
    throw new CausewayError('configuration-invalid', { detail: describeMisfits(settings.error, hosts) });
  }
  await requireCopyable(policiesFrom, dir);
  const authorityFiles = await createAuthority({ name, now: now() });
  const authority = openAuthority(authorityFiles, now);
  const tlsKeyPem = createP256Key();
  const certificate = await authority.issueServerCertificate(
    keyToCertify(files.tlsKey, tlsKeyPem),
    settings.data.hosts,
  );
  await makePrivateFolder(dir, async (draft) => {
    await writeNewFile(join(draft, files.authorityKey), authorityFiles.privateKeyPem);
    await writeNewFile(join(draft, files.authorityCertificate), authorityFiles.certificatePem, 0o644);
    await writeNewFile(join(draft, files.tlsKey), tlsKeyPem);
    await writeNewFile(join(draft, files.tlsCertificate), certificate.pem, 0o644);
    await writeNewFile(join(draft, files.receiptKey), createEd25519Key());
    await writeNewFile(join(draft, files.logKey), createEd25519Key());
    await writeNewFile(join(draft, files.auditKey), `${randomBytes(auditKeyBytes).toString('base64url')}\n`);
    await writeCorrelatorKeys(draft, now());
    await writeNewFile(join(draft, files.settings), describeSettings(settings.data), 0o644);
    await cp(policiesFrom, join(draft, files.policies), { recursive: true });
  }).catch((error: unknown) => {
    // What copying fails with names the original, whatever the place of the copy lacks.
    throw fileTrouble(error, `No gateway can be made in ${dir}`) ?? error;
  });
  return openGatewayHome(dir, now);
}

/**
 * Reads a gateway's home, and renews its own certificate when less than a third of its time is left, when it is not
 * valid yet, or when the list of hosts has changed.
 * @param renews false where no gateway is started: a running one would go on with the former certificate, and whoever
 * looks at the home would not find what it shows
 * @throws CausewayError `home-invalid`, `configuration-invalid`
 */
export async function openGatewayHome(
  dir: string,
  now: () => number,
  { renews = true }: { readonly renews?: boolean } = {},
): Promise<GatewayHome> {
  const home = resolve(dir);
  const path = (name: keyof typeof files): string => join(home, files[name]);
  const settings = readSettings(await readHomeFile(path('settings'), 'gateway'), path('settings'));
  const authority = openAuthority(
    {
      privateKeyPem: await readPrivateFile(path('authorityKey'), 'gateway'),
      certificatePem: await readHomeFile(path('authorityCertificate'), 'gateway'),
    },
    now,
  );
  const tlsKeyPem = await readPrivateFile(path('tlsKey'), 'gateway');
  let tlsCertificatePem = await readHomeFile(path('tlsCertificate'), 'gateway');
  const pair = { keyPem: tlsKeyPem, certificatePem: tlsCertificatePem };
  const isRenewed = renews && isServerCertificateDue(pair, { authority, settings, now: now() });
  if (isRenewed) {
    const publicKeyPem = keyToCertify(path('tlsKey'), tlsKeyPem);
    tlsCertificatePem = (await authority.issueServerCertificate(publicKeyPem, settings.hosts)).pem;
    await replaceFile(path('tlsCertificate'), tlsCertificatePem, 0o644);
  }
  const receiptKeyPem = await readPrivateFile(path('receiptKey'), 'gateway');
  const signer = usableKey(path('receiptKey'), () => batchSigner(receiptKeyPem));
  const logKeyPem = await readPrivateFile(path('logKey'), 'gateway');
  usableKey(path('logKey'), () => batchSigner(logKeyPem));
  return {
    dir: home,
    settings,
    store: isMongodbAddress(settings.store) ? settings.store : resolve(home, settings.store),
    policiesDir: path('policies'),
    authority,
    tls: { key: tlsKeyPem, cert: tlsCertificatePem + authority.certificatePem, ca: authority.certificatePem },
    isRenewed,
    storeKeys: { receiptKeyPem, auditKey: await readAuditKey(path('auditKey')) },
    logKeyPem,
    logDir: path('log'),
    checkpointsDir: path('checkpoints'),
    correlatorKeys: await readCorrelatorKeys(home),
    receiptKey: signer.publicKey.raw.toString('base64url'),
  };
}

function createEd25519Key(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/**
 * Makes sure that a start could use the keys that nothing else uses: of a home that was opened as it stands.
 * @throws CausewayError `home-invalid`, `clock-wrong`
 */
export async function requireKeysOfStart(home: GatewayHome, now: number): Promise<void> {
  const { dir, tls, authority, settings } = home;
  const pair = { keyPem: tls.key, certificatePem: tls.cert };
  if (isServerCertificateDue(pair, { authority, settings, now }))
    keyToCertify(join(dir, files.tlsKey), tls.key);
  await readCorrelatorNames(home.correlatorKeys);
}

/** @throws CausewayError `home-invalid` */
async function readAuditKey(file: string): Promise<Buffer> {
  const key = Buffer.from((await readPrivateFile(file, 'gateway')).trim(), 'base64url');
  return usableKey(file, () => {
    if (key.byteLength !== auditKeyBytes) throw new RangeError('an audit key has 32 bytes');
    return key;
  });
}
