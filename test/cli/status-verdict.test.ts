import { expect, it } from 'vitest';
import type { OpenClient } from '../../clients/cli/open-client.ts';
import { exitCodeOfEndpoint, exitCodeOfMessage } from '../../clients/cli/status-verdict.ts';
import { CausewayError } from '../../protocol/errors.ts';

type Message = Parameters<typeof exitCodeOfMessage>[0];

it.each([
  ['waits for the gateway', 'waiting', [undefined], 3],
  ['was refused by the gateway', 'refused', [undefined], 1],
  ['has not reached everybody', 'accepted', ['stored', undefined], 3],
  ['has expired for one, with another still open', 'accepted', ['expired', undefined], 1],
  ['was refused by a recipient', 'accepted', ['stored', 'refused'], 1],
  ['has reached everybody', 'accepted', ['stored', 'stored'], 0],
] as const)('a notice that %s has an exit code of its own', (_what, state, outcomes, code) => {
  const deliveries = outcomes.map((outcome) => ({ recipient: 'a/b', outcome }));
  expect(exitCodeOfMessage({ state, deliveries } as unknown as Message)).toBe(code);
});

type Shown = {
  readonly status?: object;
  readonly log?: {
    readonly status?: object;
    readonly changes?: object[];
    readonly faults?: object[];
  };
  readonly connection?: object;
  readonly lost?: object[];
  readonly held?: object[];
  readonly unread?: object;
};

/** An endpoint that is connected and has nothing amiss, but for what is given. */
function endpoint({ status, log, connection, lost, held, unread }: Shown): OpenClient {
  const hour = 3_600_000;
  const client = {
    status: () => ({
      ...{ foreignParts: [], renewalRefusal: undefined, certificateEndsAt: Date.now() + hour, waiting: 0 },
      ...status,
    }),
    lost: () => lost ?? [],
    held: () => held ?? [],
    directory: { unread },
    log: {
      status: () => ({ halt: undefined, checkedAt: 1, lastError: undefined, ...log?.status }),
      changes: () => log?.changes ?? [],
      faults: () => log?.faults ?? [],
    },
  };
  return {
    client,
    connection: { isConnected: true, lastError: undefined, ...connection },
  } as unknown as OpenClient;
}

it.each<[string, Shown, number]>([
  ['that has nothing amiss', {}, 0],
  ['with a file of another', { status: { foreignParts: ['openpgp.key'] } }, 1],
  ['whose renewal was refused', { status: { renewalRefusal: {} } }, 1],
  ['whose certificate has ended', { status: { certificateEndsAt: 1 } }, 1],
  ['whose log contradicts itself', { log: { status: { halt: {} } } }, 1],
  [
    'whose look at the log failed',
    { log: { status: { lastError: new CausewayError('log-unreadable') } } },
    3,
  ],
  ['that has not been able to look at the log', { log: { status: { checkedAt: undefined } } }, 3],
  ['that has found something wrong with the log', { log: { faults: [{}] } }, 1],
  ['whose faults of the log were acknowledged', { log: { faults: [{ acknowledgedAt: 1 }] } }, 0],
  [
    'that has found something since faults were acknowledged',
    { log: { faults: [{ acknowledgedAt: 1 }, {}] } },
    1,
  ],
  [
    'of which a change by somebody else was acknowledged',
    { log: { changes: [{ foreign: true, acknowledgedAt: 1 }] } },
    0,
  ],
  ['whose entry somebody else has changed', { log: { changes: [{ foreign: true }] } }, 1],
  ['whose entry it has changed itself', { log: { changes: [{ foreign: false }] } }, 0],
  ['whose notice the gateway has lost and refuses now', { lost: [{ state: 'refused' }] }, 1],
  ['whose notice the gateway has lost, with no copy here', { lost: [{ state: 'unsent' }] }, 1],
  ['whose notice the gateway has lost, and is to get again', { lost: [{ state: 'due' }] }, 3],
  ['whose notice the gateway has lost, and has again', { lost: [{ state: 'taken' }] }, 0],
  [
    'to which a notice has come whose data set cannot be read',
    { held: [{ code: 'dataset-unavailable' }] },
    3,
  ],
  ['to which a notice has come whose key nobody has trusted', { held: [{ code: 'key-unknown' }] }, 0],
  ['that cannot read the directory', { unread: {} }, 3],
  ['with notices that wait', { status: { waiting: 1 } }, 3],
  ['without a connection so far', { connection: { isConnected: false } }, 3],
  [
    'that a gateway turns away for good',
    { connection: { isConnected: false, lastError: new CausewayError('endpoint-revoked') } },
    1,
  ],
])('an endpoint %s ends in %i', (_, shown, code) => {
  expect(exitCodeOfEndpoint(endpoint(shown))).toBe(code);
});
