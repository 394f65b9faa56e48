import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Alerting, type AlertingDependencies } from '../../../gateway/alerts/alerting.ts';
import type { Store } from '../../../gateway/store/port.ts';
import { twoAgencies } from './alert-fixture.ts';

let alerting: Alerting;
let isHeld: boolean;
/** Every look and every slot that was asked for. */
let asked: string[];
/** Lets the look that is under way go on; another gateway has the lease. */
let goOn: () => void;

beforeEach(() => {
  isHeld = false;
  asked = [];
  goOn = () => undefined;
});
afterEach(async () => {
  goOn();
  await alerting.close();
});

/** @param isSlow the first look waits for `goOn` */
function open(isSlow = false): Alerting {
  const waiting = new Promise<void>((resolve) => (goOn = resolve));
  const store: Partial<Store> = {
    takeLease: async (name) => {
      asked.push(name);
      if (isSlow && name === 'correlator') await waiting;
      return undefined;
    },
  };
  const level = { severity: 'urgent', roles: ['duty'], 'disposition-hours': 24 };
  const alerts = { schedule: '* * * * * *', levels: { observe: level, suspect: level, urgent: level } };
  const { privateKey } = generateKeyPairSync('ed25519');
  return new Alerting({
    store,
    now: Date.now,
    policy: () => ({ alerts }),
    patterns: { current: [twoAgencies] },
    keys: { signingKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) },
    isHeld: () => isHeld,
    onError: (error: unknown) => expect.unreachable(String(error)),
    log: pino({ level: 'silent' }),
  } as unknown as AlertingDependencies);
}

const looks = (): number => asked.filter((name) => name === 'correlator').length;
const slots = (): number => asked.length - looks();
const pause = async (ms: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
};

it('the correlator looks at nothing and takes no slot while the clock may run ahead, and looks by itself as soon as it may', async () => {
  isHeld = true;
  alerting = open();
  await alerting.start();
  alerting.accepted(['immediate']);
  await pause(1_500);
  expect([looks(), slots(), alerting.state]).toEqual([0, 0, { is: 'held' }]);
  isHeld = false;
  await vi.waitFor(() => expect(looks()).toBe(1), { timeout: 5_000 });
  expect(alerting.state).toEqual({ is: 'waiting' });
  await vi.waitFor(() => expect(slots()).toBeGreaterThan(0), { timeout: 5_000 });
});

it('the correlator looks no more once it is closed, however many changes of the agreement came while it looked', async () => {
  alerting = open(true);
  await alerting.start();
  await vi.waitFor(() => expect(looks()).toBe(1));
  const changes = [alerting.start(), alerting.start()];
  goOn();
  await Promise.all(changes);
  expect(alerting.state).not.toEqual({ is: 'off' });
  await alerting.close();
  const before = asked.length;
  await pause(1_500);
  expect(asked).toHaveLength(before);
});

it('the correlator does not begin again where it is closed before a change of the agreement is taken over', async () => {
  alerting = open(true);
  await alerting.start();
  await vi.waitFor(() => expect(looks()).toBe(1));
  const [change, end] = [alerting.start(), alerting.close()];
  goOn();
  await Promise.all([change, end]);
  await alerting.start();
  expect(alerting.state).toEqual({ is: 'off' });
});
