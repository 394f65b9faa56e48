/** A gateway's store, relay and directory without its sockets, for tests of what the correlator sends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import {
  generateOpenpgpKey,
  readOpenpgpIdentity,
  type OpenpgpIdentity,
} from '../../../clients/sdk/openpgp.ts';
import { AlertCourier, type AlertCourierDependencies } from '../../../gateway/alerts/alert-courier.ts';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';
import { AlertReminder } from '../../../gateway/alerts/alert-reminder.ts';
import { AlertSender, type AlertSenderDependencies } from '../../../gateway/alerts/alert-sender.ts';
import type { Alert } from '../../../gateway/correlator/alert.ts';
import {
  enrolCorrelator,
  readCorrelatorKeys,
  writeCorrelatorKeys,
  type CorrelatorKeys,
} from '../../../gateway/identity/correlator-identity.ts';
import { EndpointDirectory } from '../../../gateway/identity/directory.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { provenDirectory } from '../../../gateway/proven-directory.ts';
import { Relay } from '../../../gateway/relay/relay.ts';
import { withMeaning } from '../../../gateway/relay/with-meaning.ts';
import { UnsentAlerts, type UnsentAlertsDependencies } from '../../../gateway/alerts/unsent-alerts.ts';
import { eachLeaf } from '../../../gateway/store/each-leaf.ts';
import type { Lease, RecordEntry, Store } from '../../../gateway/store/port.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { encodeUnit } from '../../../protocol/wire/frame.ts';
import { patternsOf } from '../correlator/pattern-text.ts';
import { policiesDir } from '../policy/policy-folder.ts';
import { createSqliteFixture } from '../store/sqlite-fixture.ts';
import {
  acceptable,
  digestOf,
  directoryEntry,
  noon,
  permit,
  sampleEnvelopeOf,
} from '../store/synthetic-messages.ts';

export const police = 'strathclyde-police/public-protection' as EndpointAddress;
export const hub = 'strathclyde-police/concern-hub' as EndpointAddress;
export const health = 'nhs-lanarkshire/child-protection' as EndpointAddress;
export const north = 'north-lanarkshire-social-work/duty' as EndpointAddress;
export const south = 'south-lanarkshire-social-work/duty' as EndpointAddress;

/** What an alert of a test is raised by. */
export const twoAgencies = patternsOf({
  'p.yaml':
    'title: Two agencies\nid: 6dd5a7c9-7f2c-4d6c-9a55-0d0c3d9b8a11\ncorrelation:\n  type: event_count\n' +
    '  rules: [a]\n  timespan: 3d\n  condition: { gte: 2 }\n',
})[0]!;

const nothing = (): undefined => undefined;

type Dependencies = AlertCourierDependencies & Omit<AlertSenderDependencies, 'courier'>;

export type AlertFixture = AsyncDisposable & {
  readonly store: Store;
  /** The file of the store. */
  readonly file: string;
  /** Reads the directory again, after somebody has changed its rows. */
  readonly reloadDirectory: () => Promise<void>;
  readonly keys: CorrelatorKeys;
  readonly lease: Lease;
  /** Enrols an endpoint with a real OpenPGP key, or enrols it again with another one. */
  enrol(endpoint: EndpointAddress, role: string): Promise<OpenpgpIdentity>;
  /** Has a notice accepted, as evidence. */
  notice(number: number, source: EndpointAddress, to: EndpointAddress): Promise<Alert['events'][number]>;
  readonly submit: AlertCourierDependencies['submit'];
  /** A courier and a sender on the same store, with some of them otherwise. */
  courier(changes?: Partial<AlertCourierDependencies>): AlertCourier;
  sender(changes?: Partial<Dependencies>): AlertSender;
  reminder(changes?: Partial<Dependencies>): AlertReminder;
  /** As of a gateway that has just begun, a moment after the alerts were raised. */
  unsent(changes?: Partial<UnsentAlertsDependencies>): UnsentAlerts;
  records(kind: string): Promise<readonly RecordEntry[]>;
};

export async function openAlertFixture(): Promise<AlertFixture> {
  const fixture = await createSqliteFixture();
  fixture.clock.now = Date.now();
  const store = await fixture.open();
  const dir = await mkdtemp(join(tmpdir(), 'causeway-correlator-'));
  await writeCorrelatorKeys(dir, Date.now());
  const keys = await readCorrelatorKeys(dir);
  await enrolCorrelator(keys, store, undefined, Date.now());
  const directory = await EndpointDirectory.open(store);
  const policy = await loadPolicySet(policiesDir);
  const relay = new Relay({
    store,
    quotas: { submitting: nothing, unwanted: nothing, failedVerifications: nothing },
    examination: {
      now: Date.now,
      resolve: (recipient) => directory.resolve(recipient),
      policy: () => policy,
      isListening: () => false,
    },
    onAccepted: nothing,
    deliveryUnderWay: nothing,
    onSettled: nothing,
  });
  const log = pino({ level: 'silent' });
  const auditLog = { folder: new LogFolder(dir), latest: undefined };
  const dependencies: Dependencies = {
    store,
    keys,
    now: Date.now,
    policy: () => policy,
    directory: provenDirectory({ store, directory, auditLog, log }),
    submit: async (sender, unit, lease, meaning) =>
      relay.keep(withMeaning(relay.examine(sender, [unit]), meaning), lease),
    log,
  };
  let enrolments = 0;
  const courier: AlertFixture['courier'] = (changes) => new AlertCourier({ ...dependencies, ...changes });
  return {
    store,
    file: fixture.file,
    reloadDirectory: () => directory.reload(),
    keys,
    lease: (await store.takeLease('correlator', 60_000))!,
    enrol: async (endpoint, role) => {
      const identity = await readOpenpgpIdentity((await generateOpenpgpKey(endpoint)).privateKeyArmored);
      const secret = `${endpoint} ${String(enrolments++)}`;
      await store.permitEnrolment(permit(endpoint, secret, Date.now() + 60_000), {
        kind: 'enrolment.permitted',
      });
      const entry = directoryEntry(endpoint, {
        roles: [role],
        openpgpCertificate: identity.certificateArmored,
        openpgpFingerprint: identity.fingerprint,
        encryptionKey: identity.encryptionKey,
      });
      await store.enrol(digestOf(secret), entry, Date.now(), { kind: 'endpoint.enrolled' });
      await directory.reload();
      return identity;
    },
    notice: async (number, source, to) => {
      const message = acceptable(number, {
        unit: encodeUnit(sampleEnvelopeOf(number), Buffer.alloc(67), Buffer.from('ciphertext')).bytes,
        recipients: [{ endpoint: to, listening: true }],
      });
      await store.submit({ source, messages: [message] });
      const time = noon + number;
      const { id, severity } = message;
      return { id, time, arrived: time, source, category: 'concern', severity };
    },
    submit: dependencies.submit,
    courier,
    reminder: (changes) => new AlertReminder({ ...dependencies, courier: courier(changes), ...changes }),
    sender: (changes) => new AlertSender({ ...dependencies, courier: courier(changes), ...changes }),
    unsent: (changes) =>
      new UnsentAlerts({
        ...{ store, directory, log, now: () => noon + 2_000, patterns: [twoAgencies] },
        send: (alert, lease) =>
          new AlertSender({ ...dependencies, courier: courier() }).sendAgain(alert, lease),
        ...changes,
      }),
    records: async (kind) =>
      (await Array.fromAsync(eachLeaf(store)))
        .map(({ entry }) => entry)
        .filter((entry) => entry.kind === kind),
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await fixture.remove();
      await rm(dir, { recursive: true });
    },
  };
}

/** An alert over these notices. */
export function alertOf(events: Alert['events'], pattern: Alert['pattern']): Alert {
  const [first] = events;
  return {
    pattern,
    tier: 'same',
    level: 'suspect',
    firedAt: noon + 1_000,
    completedAt: noon,
    events,
    links: events
      .slice(1)
      .map(({ id }) => ({ event: id, to: first!.id, tier: 'same', types: ['name-birth'] })),
    missing: [],
  };
}
