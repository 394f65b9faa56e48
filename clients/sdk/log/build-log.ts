/** Builds the part of a client that follows the log. */
import { X509Certificate } from 'node:crypto';
import type { Agent } from 'node:https';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';
import { parseVerifierKey } from '../../../protocol/proof/verifier-key.ts';
import { directoryEntryDigest } from '../../../protocol/wire/directory-entry-digest.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import { ClientLog } from './client-log.ts';
import { LostTable, type LossSign } from '../lost-table.ts';
import type { FollowOptions } from '../client-options.ts';
import type { ClientDirectory } from '../directory.ts';
import type { ClientEmitter } from '../events.ts';
import type { Home } from '../home.ts';
import { LogAbsence } from './log-absence.ts';
import { AcceptanceProver } from './log-acceptances.ts';
import { LogCheckpoints } from './log-checkpoints.ts';
import { EntryProver, type ProvenEntry } from './log-entries.ts';
import type { LogFaults } from './log-faults.ts';
import { LogGrowth } from './log-growth.ts';
import { isEndpointLeaf, LogPassage } from './log-passage.ts';
import { LogReader } from './log-reader.ts';
import { LogStaleness } from './log-staleness.ts';
import { LogTable } from './log-table.ts';
import { readOpenpgpIdentity } from '../openpgp.ts';
import { isRenewing } from '../renewal.ts';
import type { StateDatabase } from '../state-database.ts';

type LogGround = {
  readonly endpoint: EndpointAddress;
  readonly state: StateDatabase;
  readonly emitter: ClientEmitter;
  readonly faults: LogFaults;
  readonly now: () => number;
  readonly random: () => number;
  readonly report: (error: unknown) => void;
  readonly home: () => Home;
  readonly readHome: () => Promise<Home>;
  readonly agent: Agent;
  readonly closing: AbortController;
};

type LogJoints = {
  readonly follow: FollowOptions | undefined;
  readonly directory: () => ClientDirectory;
  readonly onHalt: () => void;
  readonly onResume: () => void;
  readonly onDoubtOver: () => void;
  /** Told of messages that the gateway has lost or may have lost: these rows of the outbox, or all that are open. */
  readonly onLost: (sign: LossSign, rows?: readonly number[]) => Promise<void>;
};

/** Everything behind `client.log`. */
export function buildLog(ground: LogGround, joints: LogJoints): ClientLog {
  const { state, emitter, faults, now, random, report, readHome, agent, closing, endpoint } = ground;
  const { log: trust } = ground.home();
  const {
    everyMs = 60_000,
    bundlesPerSecond = 16,
    patienceMs = 10_000,
    graceMs = 600_000,
    staleMs = 900_000,
  } = joints.follow ?? {};
  const { signal } = closing;
  const reader = new LogReader(readHome, agent, signal);
  const passage = new LogPassage({
    ...{ state, reader, now, self: endpoint, from: trust.from, enrolled: trust.entry },
    isChanging: () => isRenewing(state, now()),
    onChange: (change) => emitter.emit('ownEntry', change),
    onPassed: () => joints.directory().readProven(),
  });
  const growth = new LogGrowth(state);
  const checkpoints = new LogCheckpoints({
    ...{ state, reader, faults, trust, patienceMs, now, signal },
    onHalt: joints.onHalt,
    onAdopt: () => {
      growth.forget();
      new LostTable(state.statements).note('adopted', now());
    },
  });
  const alarm = { state, faults, staleMs, seen: () => checkpoints.seen?.note };
  return new ClientLog({
    ...{ state, reader, faults, checkpoints, passage, now, random, report, signal },
    staleness: new LogStaleness({ ...alarm, name: 'logStaleSince' }),
    unfollowed: new LogStaleness({ ...alarm, name: 'logUnfollowedSince' }),
    ...{ frozen: new LogStaleness({ ...alarm, name: 'logFrozenSince' }), growth },
    absence: new LogAbsence({
      ...{ state, now, graceMs, isKnown: () => checkpoints.seen !== undefined },
      onAbsent: () => joints.onLost('log'),
    }),
    entries: new EntryProver({
      ...{ state, reader, faults },
      onProven: async (found) => {
        joints.directory().readProven();
        await noteOwnEntry(found, ground, joints.directory(), passage);
      },
    }),
    acceptances: new AcceptanceProver({
      ...{ state, reader, faults, now, graceMs, signal },
      onMissing: (rows) => joints.onLost('leaf', rows),
    }),
    origin: parseVerifierKey(trust.key).name,
    witnessesKnown: trust.witnesses.length,
    witnessesNeeded: trust.witnessesNeeded,
    settings: { everyMs, bundlesPerSecond, patienceMs },
    ...{ onResume: joints.onResume, onDoubtOver: joints.onDoubtOver },
  });
}

/** The directory tells of a change sooner than the log is followed that far. */
async function noteOwnEntry(
  found: readonly ProvenEntry[],
  { endpoint, state, readHome }: LogGround,
  directory: ClientDirectory,
  passage: LogPassage,
): Promise<void> {
  const own = found.find((entry) => entry.endpoint === endpoint);
  const entry = directory.entryOf(endpoint);
  if (own === undefined || entry === undefined || directoryEntryDigest(entry) !== own.entry) return;
  const home = await readHome();
  if (await isOwnDoing(entry, own.said.kind, home)) {
    await state.write(() => new LogTable(state.statements).noteOwnEntry(entry));
  }
  if (isEndpointLeaf(own.said)) await passage.noteOwn([{ index: own.leaf, leaf: own.said }]);
}

/** By a home itself: the last follows when it first shows a new certificate. */
const ownKinds = ['endpoint.enrolled', 'endpoint.renewed', 'endpoint.renewal-completed'];

/** True when an entry holds the very keys of this home, and came about by what a home does itself. */
async function isOwnDoing(entry: DirectoryEntry, kind: string, home: Home): Promise<boolean> {
  if (!ownKinds.includes(kind)) return false;
  const openpgp = await readOpenpgpIdentity(home.openpgpPrivateKey);
  return (
    entry.status === 'active' &&
    entry.tlsThumbprint === digestOf(new X509Certificate(home.tlsCertificatePem).raw) &&
    entry.openpgpFingerprint === openpgp.fingerprint &&
    entry.encryptionKey === openpgp.encryptionKey &&
    entry.signingKey === batchSigner(home.signingKeyPem).publicKey.raw.toString('base64url')
  );
}
