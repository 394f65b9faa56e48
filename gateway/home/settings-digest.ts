/**
 * The digest by which the audit log tells under which settings a gateway was started: two starts with the same settings
 * have the same one, however their files are written.
 *
 * It is SHA-256 of the settings as JSON in UTF-8, without white space, the names of every object in order. All have a
 * value, also those that the file leaves out: their default. Of addresses it takes neither user nor password.
 */
import { digestOf } from '../../protocol/proof/merkle.ts';
import type { Digest } from '../../protocol/ids.ts';
import { isMongodbAddress } from '../store/store-address.ts';
import { logOriginOf, type GatewaySettings } from './gateway-settings.ts';

export function settingsDigest(settings: GatewaySettings): Digest {
  const { log, store } = settings;
  const told: GatewaySettings = {
    ...settings,
    store: isMongodbAddress(store) ? withoutSecrets(store) : store,
    log: {
      ...log,
      origin: logOriginOf(settings),
      witnesses: log.witnesses.map((witness) => ({ ...witness, url: withoutSecrets(witness.url) })),
    },
  };
  return digestOf(Buffer.from(inOrder(told)));
}

/** Options of an address that hold a secret, or may. */
const secretOption = /^(?:.*(?:password|pwd|token|secret).*|proxyUsername|authMechanismProperties)$/i;

/** All up to the last at sign goes, so that no part of a password stays, wherever it has one. */
function withoutSecrets(address: string): string {
  const [, scheme = '', rest = ''] = /^([a-z+]+:\/\/)(?:.*@)?(.*)$/is.exec(address) ?? [];
  const [place = '', options] = rest.split(/\?(.*)/s);
  if (options === undefined) return `${scheme}${place}`;
  const open = options.split('&').filter((option) => !secretOption.test(option.split('=')[0] ?? ''));
  return `${scheme}${place}?${open.join('&')}`;
}

/** Compact JSON, the names of each object in the order of their UTF-16 code units. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
