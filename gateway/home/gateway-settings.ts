/** `gateway.yaml`: the few things an operator sets. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { CausewayError, type Problem } from '../../protocol/errors.ts';
import { isVerifierKey } from '../../protocol/proof/verifier-key.ts';
import { parseYaml, readYaml } from '../../files/yaml-source.ts';
import { isStoreAddress, storeAddressForm } from '../store/store-address.ts';

const hostNamePattern =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** A DNS name in lower case, or an IP address. */
const hostSchema = z
  .string()
  .refine((host) => isIP(host) !== 0 || hostNamePattern.test(host), 'must be a host name or an IP address');

/** TLS takes any text for authorities, and where it holds none, trusts nobody without a word. */
function areCertificates(pem: string): boolean {
  const blocks = pem.split(/(?<=-----END CERTIFICATE-----)/);
  const rest = blocks.pop() ?? '';
  if (blocks.length === 0 || rest.includes('-----BEGIN')) return false;
  try {
    for (const block of blocks) new X509Certificate(block);
    return true;
  } catch {
    return false;
  }
}

const witnessSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://witness.example' })
    .max(1_000),
  key: z
    .string()
    .min(1)
    .max(500)
    .refine(isVerifierKey, 'must be the verifier key of a witness, as its witness.vkey holds it'),
  ca: z
    .string()
    .max(20_000)
    .refine(
      areCertificates,
      "must be a certificate in PEM: put the certificate's text here, not a file's name",
    )
    .optional(),
});

const logSettingsSchema = z.strictObject({
  /** Without a scheme, as C2SP tlog-checkpoint wants it. */
  origin: z
    .string()
    .regex(
      /^[\x21-\x2a\x2c-\x7e]{1,200}$/,
      'must be a name without white space or plus signs, such as gateway.example/log',
    )
    .optional(),
  witnesses: z.array(witnessSchema).max(16).default([]),
  export: z.string().min(1).max(1_000).optional(),
});
/** Shares of one agency and one endpoint; units in the names. */
const quotaSettingsSchema = z.strictObject({
  sessionsPerEndpoint: z.int().min(1).max(10_000).default(8),
  sessionsPerAgency: z.int().min(1).max(100_000).default(1_000),
  agencyMebibytesPerMinute: z.int().min(1).max(1_048_576).default(2_048),
  agencyFailedVerificationsPerMinute: z.int().min(1).max(10_000_000).default(1_000),
  endpointRefusalsPerMinute: z.int().min(1).max(10_000_000).default(5_000),
});

/** What one agency or endpoint may ask of the gateway; see the comments of {@link describeSettings}. */
export type QuotaSettings = z.infer<typeof quotaSettingsSchema>;

export const gatewaySettingsSchema = z.strictObject({
  host: hostSchema.default('0.0.0.0'),
  port: z.int().min(0).max(65_535).default(8443),
  hosts: z.array(hostSchema).min(1).max(32),
  store: z.string().max(1_000).refine(isStoreAddress, storeAddressForm).default('causeway.db'),
  freeDiskMebibytes: z.int().min(0).max(1_073_741_824).default(1_024),
  log: logSettingsSchema.default({ witnesses: [] }),
  quotas: quotaSettingsSchema.prefault({}),
});

/** Where the gateway listens, its names, its store and the room for it, and its quotas; see the comments of {@link describeSettings}. */
export type GatewaySettings = z.infer<typeof gatewaySettingsSchema>;

/** The settings as a file that explains itself. */
export function describeSettings(settings: GatewaySettings): string {
  const text = (value: string): string => JSON.stringify(value);
  return `# Settings of this gateway. Restart it after a change.

# The address and port to listen on. 0.0.0.0 stands for every IPv4 address of this machine,
# and :: for every address of it.
host: ${text(settings.host)}
port: ${settings.port}

# Every name and address under which endpoints reach the gateway. They stand in its TLS certificate,
# which is made anew at the next start when this list has changed.
hosts:
${settings.hosts.map((host) => `  - ${text(host)}`).join('\n')}

# The store: a file, relative to this folder, or the address of a MongoDB replica set, such as
# mongodb://db1.example,db2.example,db3.example/causeway?replicaSet=causeway
store: ${text(settings.store)}

# MiB that shall stay free on the disk of the embedded store. Below, new messages are refused for now, and everything
# else goes on: receipts, deliveries, erasure, the log. 0 for no such floor.
freeDiskMebibytes: ${settings.freeDiskMebibytes}

# The audit log. Its origin is its name for ever: a log of another name is another log.
# Witnesses cosign its checkpoints: \`url\` and verifier \`key\` of each, and \`ca\` (PEM) where its TLS certificate comes
# from a CA of its own. \`export\` is a folder that a copy of the log is kept in, such as a mount of another machine.
log:
  origin: ${text(logOriginOf(settings))}
  witnesses: []
#   - { url: https://witness.example, key: witness.example+1f3a…+BF… }
# export: /mnt/committee/causeway-log

# What one agency or endpoint may ask, so that a flood of one is not felt by another.
quotas:
  # Open sessions.
  sessionsPerEndpoint: ${settings.quotas.sessionsPerEndpoint}
  sessionsPerAgency: ${settings.quotas.sessionsPerAgency}

  # MiB that an agency may send in a minute, all its sessions together. What it saves up is at most a minute's.
  agencyMebibytesPerMinute: ${settings.quotas.agencyMebibytesPerMinute}

  # Signatures of an agency that may be checked in vain in a minute.
  agencyFailedVerificationsPerMinute: ${settings.quotas.agencyFailedVerificationsPerMinute}

  # Messages of an endpoint that may be refused or repeated in a minute: each leaves a line in the record for good.
  endpointRefusalsPerMinute: ${settings.quotas.endpointRefusalsPerMinute}
`;
}

/**
 * What is wrong with the settings of a gateway to be, in sentences that name each host.
 * @param hosts as they were given
 */
export function describeMisfits({ issues }: z.ZodError, hosts: readonly string[]): string {
  const sentences = issues.map(({ path: [setting, nth], message }) => {
    const host = setting === 'hosts' && typeof nth === 'number' ? hosts[nth] : undefined;
    return host === undefined
      ? `${String(setting)}: ${message}.`
      : `The host ${JSON.stringify(host)} ${message}.`;
  });
  return [...new Set(sentences)].join(' ');
}

/** The name of the gateway's audit log. */
export function logOriginOf({ log, hosts }: GatewaySettings): string {
  return log.origin ?? `${hosts[0] ?? 'localhost'}/log`;
}

/** Reads `gateway.yaml` strictly. @throws CausewayError `configuration-invalid`, with file and line */
export function readSettings(source: string, file: string): GatewaySettings {
  const problems: Problem[] = [];
  const document = parseYaml(file, source, problems);
  // An empty file lacks what has no default, and is told so.
  const settings =
    document && readYaml({ ...document, value: document.value ?? {} }, gatewaySettingsSchema, problems);
  if (settings === undefined) throw invalid(file, problems);
  return settings;
}

function invalid(file: string, problems: readonly Problem[]): CausewayError {
  const words = problems.map(({ at, line, message }) =>
    line === undefined ? `${at} ${message}` : `${at} (line ${line}) ${message}`,
  );
  return new CausewayError('configuration-invalid', {
    detail: `${words.join('; ')}. The file is ${file}.`,
    problems,
  });
}
