/**
 * The gateway's home folder.
 *
 * ```
 * gateway.yaml   settings                  ca.key   ca.crt    the issuing CA
 * policies/      the sharing agreement     tls.key  tls.crt   the gateway's own certificate, renewed at start
 * causeway.db    the store                 receipt.key        signs receipts (Ed25519)
 * ```
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { CausewayError } from '../../protocol/errors.ts';
import { batchSigner } from '../../protocol/proof/signing.ts';
import { isMongodbAddress } from '../store/store-address.ts';
import { createAuthority, createP256Key, openAuthority, type Authority } from './authority.ts';
import {
  describeSettings,
  gatewaySettingsSchema,
  readSettings,
  type GatewaySettings,
} from './gateway-settings.ts';
import {
  makePrivateFolder,
  readHomeFile,
  readPrivateFile,
  replaceFile,
  writeNewFile,
} from './private-folder.ts';

const files = {
  settings: 'gateway.yaml',
  policies: 'policies',
  authorityKey: 'ca.key',
  authorityCertificate: 'ca.crt',
  tlsKey: 'tls.key',
  tlsCertificate: 'tls.crt',
  receiptKey: 'receipt.key',
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
  /** The policy folder to copy. */
  readonly policiesFrom: string;
  readonly now: () => number;
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
  /** Ed25519 private key, PKCS#8 PEM. */
  readonly receiptKeyPem: string;
  /** Its public key, raw, base64url. */
  readonly receiptKey: string;
};

/**
 * Makes a gateway's home with fresh keys.
 * @throws CausewayError `home-exists`, `configuration-invalid`
 */
export async function initGatewayHome(dir: string, options: GatewayHomeOptions): Promise<GatewayHome> {
  const { name, host, port, hosts, policiesFrom, now } = options;
  const settings = gatewaySettingsSchema.safeParse({ host, port, hosts });
  if (!settings.success) {
    throw new CausewayError('configuration-invalid', {
      detail: 'Hosts must be host names or IP addresses, and the port a number up to 65535.',
    });
  }
  const authorityFiles = await createAuthority({ name, now: now() });
  const authority = await openAuthority(authorityFiles, now);
  const tlsKeyPem = createP256Key();
  const certificate = await authority.issueServerCertificate(publicKeyOf(tlsKeyPem), settings.data.hosts);
  await makePrivateFolder(dir, async (draft) => {
    await writeNewFile(join(draft, files.authorityKey), authorityFiles.privateKeyPem);
    await writeNewFile(join(draft, files.authorityCertificate), authorityFiles.certificatePem, 0o644);
    await writeNewFile(join(draft, files.tlsKey), tlsKeyPem);
    await writeNewFile(join(draft, files.tlsCertificate), certificate.pem, 0o644);
    await writeNewFile(join(draft, files.receiptKey), createReceiptKey());
    await writeNewFile(join(draft, files.settings), describeSettings(settings.data), 0o644);
    await cp(policiesFrom, join(draft, files.policies), { recursive: true });
  });
  return openGatewayHome(dir, now);
}

/**
 * Reads a gateway's home, and renews its own certificate when less than a third of its time is left or
 * when the list of hosts has changed.
 * @throws CausewayError `home-invalid`, `configuration-invalid`
 */
export async function openGatewayHome(dir: string, now: () => number): Promise<GatewayHome> {
  const home = resolve(dir);
  const path = (name: keyof typeof files): string => join(home, files[name]);
  const settings = readSettings(await readHomeFile(path('settings')), path('settings'));
  const authority = await openAuthority(
    {
      privateKeyPem: await readPrivateFile(path('authorityKey')),
      certificatePem: await readHomeFile(path('authorityCertificate')),
    },
    now,
  );
  const tlsKeyPem = await readPrivateFile(path('tlsKey'));
  let tlsCertificatePem = await readHomeFile(path('tlsCertificate'));
  if (isServerCertificateDue(tlsCertificatePem, tlsKeyPem, { authority, settings, now: now() })) {
    const publicKeyPem = usable(path('tlsKey'), () => publicKeyOf(tlsKeyPem));
    tlsCertificatePem = (await authority.issueServerCertificate(publicKeyPem, settings.hosts)).pem;
    await replaceFile(path('tlsCertificate'), tlsCertificatePem, 0o644);
  }
  const receiptKeyPem = await readPrivateFile(path('receiptKey'));
  const signer = usable(path('receiptKey'), () => batchSigner(receiptKeyPem));
  return {
    dir: home,
    settings,
    store: isMongodbAddress(settings.store) ? settings.store : resolve(home, settings.store),
    policiesDir: path('policies'),
    authority,
    tls: { key: tlsKeyPem, cert: tlsCertificatePem + authority.certificatePem, ca: authority.certificatePem },
    receiptKeyPem,
    receiptKey: signer.publicKey.raw.toString('base64url'),
  };
}

/** True when the gateway's certificate is unusable for its key, CA or hosts, or is in its last third. */
function isServerCertificateDue(
  certificatePem: string,
  keyPem: string,
  context: { authority: Authority; settings: GatewaySettings; now: number },
): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    const startsAt = certificate.validFromDate.getTime();
    const endsAt = certificate.validToDate.getTime();
    return (
      context.now >= startsAt + ((endsAt - startsAt) * 2) / 3 ||
      !certificate.checkPrivateKey(createPrivateKey(keyPem)) ||
      !certificate.verify(new X509Certificate(context.authority.certificatePem).publicKey) ||
      context.settings.hosts.some((host) =>
        isIP(host) === 0
          ? certificate.checkHost(host) === undefined
          : certificate.checkIP(host) === undefined,
      )
    );
  } catch {
    return true;
  }
}

function createReceiptKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function publicKeyOf(privateKeyPem: string): string {
  return createPublicKey(createPrivateKey(privateKeyPem)).export({ type: 'spki', format: 'pem' }) as string;
}

function usable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CausewayError('home-invalid', { detail: `${file} does not hold a key of its kind.`, cause });
  }
}
