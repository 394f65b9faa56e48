import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { gatewaySettingsSchema } from '../../gateway/home/gateway-settings.ts';
import { settingsDigest } from '../../gateway/home/settings-digest.ts';
import { createAuthority, createP256Key, openAuthority } from '../../gateway/identity/authority.ts';
import { keyToCertify } from '../../gateway/home/server-certificate.ts';
import { LifeRecords } from '../../gateway/life-records.ts';
import type { RecordEntry } from '../../gateway/store/port.ts';
import type { Digest } from '../../protocol/ids.ts';
import { digestOf } from '../../protocol/proof/merkle.ts';

const settings = gatewaySettingsSchema.parse({ hosts: ['localhost'] });
const policy = 'p'.repeat(43) as Digest;
const now = (): number => Date.now();
const authority = openAuthority(await createAuthority({ name: 'x', now: now() }), now);
const cert = (await authority.issueServerCertificate(keyToCertify('tls.key', createP256Key()), ['localhost']))
  .pem;
const tls = { key: '', cert: cert + authority.certificatePem, ca: authority.certificatePem };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is recorded of a gateway whose store answers so. */
function openRecords(isRenewed: boolean, answer: () => Promise<number> = () => Promise.resolve(0)) {
  const written: RecordEntry[] = [];
  const errors: unknown[] = [];
  const appendRecords = (records: readonly RecordEntry[]): Promise<number> => {
    written.push(...records);
    return answer();
  };
  const onError = (error: unknown): unknown => errors.push(error);
  const home = { tls, isRenewed, settings };
  const records = new LifeRecords({ home, port: 1 }, { store: { appendRecords }, onError });
  return { records, written, errors };
}

test('a start names its settings and its certificate, and its end the same run', async () => {
  const { records, written } = openRecords(false);
  await records.started(policy, []);
  await records.stopped();
  const tlsThumbprint = digestOf(new X509Certificate(cert).raw);
  const run = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
  expect(written).toEqual([
    {
      ...{ kind: 'gateway.started', policy, patterns: [], run },
      ...{ settings: settingsDigest({ ...settings, port: 1 }), tlsThumbprint },
    },
    { kind: 'gateway.stopped', run: written[0]?.run },
  ]);
  const next = openRecords(false);
  await next.records.started(policy, []);
  expect(next.written[0]?.run).not.toBe(written[0]?.run);
});

test('a certificate that was renewed as the home was opened is told before the start', async () => {
  const { records, written } = openRecords(true);
  await records.started(policy, []);
  const { validToDate } = new X509Certificate(cert);
  expect(written.map(({ kind }) => kind)).toEqual(['gateway.certificate-renewed', 'gateway.started']);
  expect(written[0]).toEqual({
    kind: 'gateway.certificate-renewed',
    tlsThumbprint: written[1]?.tlsThumbprint,
    expires: validToDate.getTime(),
  });
});

test.each([
  ['fails', async () => Promise.reject(new Error('disk full')), 'Error: disk full'],
  ['does not answer', () => new Promise<number>(() => undefined), 'It has not answered for 2 s.'],
])('an end goes on within two seconds where the store %s, and says so', async (_, answer, words) => {
  const { records, errors } = openRecords(false, answer);
  const ending = records.stopped();
  await vi.advanceTimersByTimeAsync(2_000);
  await ending;
  expect(errors.map(String)).toEqual([expect.stringContaining(words)]);
});
