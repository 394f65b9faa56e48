import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readSettings } from '../../../gateway/home/gateway-settings.ts';
import { settingsDigest } from '../../../gateway/home/settings-digest.ts';

const digestFor = (source: string): string => settingsDigest(readSettings(source, 'gateway.yaml'));
const plain = 'hosts: [gateway.example]';

test('the digest is that of compact JSON with its names in order and every default in it', () => {
  const text =
    '{"freeDiskMebibytes":1024,"host":"0.0.0.0","hosts":["gateway.example"],' +
    '"log":{"origin":"gateway.example/log","witnesses":[]},"port":8443,' +
    '"quotas":{"agencyFailedVerificationsPerMinute":1000,"agencyMebibytesPerMinute":2048,' +
    '"endpointRefusalsPerMinute":5000,"sessionsPerAgency":1000,"sessionsPerEndpoint":8},"store":"causeway.db"}';
  expect(digestFor(plain)).toBe(createHash('sha256').update(text).digest('base64url'));
});

test.each([
  ['the order of the lines', 'port: 8443\nhosts: [gateway.example]\nhost: "0.0.0.0"'],
  ['a default that is written out', `${plain}\nlog: { origin: gateway.example/log }\nquotas: {}`],
])('it does not change with %s', (_, source) => {
  expect(digestFor(source)).toBe(digestFor(plain));
});

test.each([
  ['quota', 'quotas: { sessionsPerAgency: 999 }'],
  ['floor', 'freeDiskMebibytes: 0'],
  ['copy', 'log: { export: /mnt/copy }'],
  ['store', 'store: other.db'],
])('it changes with another %s', (_, line) => {
  expect(digestFor(`${plain}\n${line}`)).not.toBe(digestFor(plain));
});

test('no user and no password goes into it, and the rest of the address does', () => {
  const digestOn = (store: string): string => digestFor(`${plain}\nstore: "${store}"`);
  const open = digestOn('mongodb://db1.example,db2.example/causeway?replicaSet=causeway');
  const names = 'db1.example,db2.example/causeway?';
  expect(digestOn(`mongodb://gate:s%40crt@${names}replicaSet=causeway`)).toBe(open);
  expect(digestOn(`mongodb://${names}tlsCertificateKeyFilePassword=x&replicaSet=causeway`)).toBe(open);
  expect(digestOn(`mongodb://gate:s@${names}replicaSet=causeway&tlsInsecure=true`)).not.toBe(open);
  expect(digestOn('mongodb://gate:s@db1.example/causeway?replicaSet=causeway')).not.toBe(open);
});
