import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { Alerting, type AlertingDependencies } from '../../../gateway/alerts/alerting.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { twoAgencies } from './alert-fixture.ts';

let alerting: Alerting;
afterEach(() => alerting.close());

it('the correlator looks at nothing and takes no slot while the clock may run ahead, and looks by itself as soon as it may', async () => {
  let isHeld = true;
  let looks = 0;
  let slots = 0;
  const store: Partial<Store> = {
    // Another gateway looks.
    takeLease: (name) => {
      if (name === 'correlator') looks++;
      else slots++;
      return Promise.resolve(undefined);
    },
  };
  const level = { severity: 'urgent', roles: ['duty'], 'disposition-hours': 24 };
  const alerts = { schedule: '* * * * * *', levels: { observe: level, suspect: level, urgent: level } };
  const { privateKey } = generateKeyPairSync('ed25519');
  alerting = new Alerting({
    store,
    now: Date.now,
    policy: () => ({ alerts }),
    patterns: { current: [twoAgencies] },
    keys: { signingKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) },
    isHeld: () => isHeld,
    onError: (error: unknown) => expect.unreachable(String(error)),
    log: pino({ level: 'silent' }),
  } as unknown as AlertingDependencies);
  await alerting.start();
  alerting.accepted(['immediate']);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([looks, slots, alerting.state]).toEqual([0, 0, { is: 'held' }]);
  isHeld = false;
  await vi.waitFor(() => expect(looks).toBe(1), { timeout: 5_000 });
  expect(alerting.state).toEqual({ is: 'waiting' });
  await vi.waitFor(() => expect(slots).toBeGreaterThan(0), { timeout: 5_000 });
});
