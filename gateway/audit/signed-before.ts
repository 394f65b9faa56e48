/**
 * What the log has signed before, as it is kept beside the checkpoint: in `checkpoints/`, in the copy of the log, and as
 * what witnesses have cosigned. The checkpoint alone does not tell: whoever takes it away would otherwise have another log
 * signed in its place.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { witnessedCheckpointFile } from '../../protocol/proof/checkpoint.ts';
import type { VerifierKey } from '../../protocol/proof/verifier-key.ts';
import { inTime } from '../platform/in-time.ts';
import type { LogFolder } from './log-folder.ts';
import { logHistoryFileOf, logHistoryFiles, readLogHistoryFile, type PastCheckpoint } from './log-history.ts';
import { openPublished, type PublishedCheckpoint } from './published-checkpoint.ts';

export type SignedBeforeOptions = {
  readonly folder: Pick<LogFolder, 'readWitnessedCheckpoint'>;
  /** Its name is that of the log. */
  readonly verifierKey: VerifierKey;
  /** The folder `checkpoints/`. */
  readonly historyDir: string;
  /** The folder that the log is copied to. */
  readonly exportDir: string | undefined;
  /** ms since 1970 */
  readonly now: () => number;
};

/** A copy on a machine that does not answer must not keep the log from being published. */
const copyPatienceMs = 3_000;

/**
 * The largest checkpoint of this log that is kept there. Those of another name or key are of another log, as after
 * the operator has given it a new `origin`, and are passed over; so are spoilt ones, and a copy that cannot be read.
 */
export async function readSignedBefore(
  options: SignedBeforeOptions,
): Promise<PublishedCheckpoint | undefined> {
  return largest(await Promise.all([newestKept(options), newestCopied(options), newestWitnessed(options)]));
}

/**
 * The largest checkpoint of this log in the newest file that has any of it, and in those of days to come: where a clock
 * stood ahead once, they are the last by their names, and not by what is in them.
 */
export async function newestKept({
  historyDir,
  verifierKey,
  now,
}: Pick<SignedBeforeOptions, 'historyDir' | 'verifierKey' | 'now'>): Promise<
  PublishedCheckpoint | undefined
> {
  const today = logHistoryFileOf(now());
  const found: (PublishedCheckpoint | undefined)[] = [];
  for (const file of (await logHistoryFiles(historyDir)).reverse()) {
    const own = largestOwn(await readLogHistoryFile(historyDir, file), verifierKey);
    found.push(own);
    if (own !== undefined && file <= today) break;
  }
  return largest(found);
}

/** Only the one that is taken has to be opened: a file may have thousands. */
function largestOwn(
  past: readonly PastCheckpoint[],
  verifierKey: VerifierKey,
): PublishedCheckpoint | undefined {
  for (const { checkpoint } of past.toSorted((a, b) => b.size - a.size)) {
    const opened = openOwn(checkpoint, verifierKey);
    if (opened !== undefined) return opened;
  }
  return undefined;
}

async function newestWitnessed({
  folder,
  verifierKey,
}: SignedBeforeOptions): Promise<PublishedCheckpoint | undefined> {
  const text = await folder.readWitnessedCheckpoint().catch(() => undefined);
  return text === undefined ? undefined : openOwn(text, verifierKey);
}

async function newestCopied({
  exportDir,
  verifierKey,
}: SignedBeforeOptions): Promise<PublishedCheckpoint | undefined> {
  if (exportDir === undefined) return undefined;
  const read = async (name: string): Promise<PublishedCheckpoint | undefined> => {
    const text = await readFile(join(exportDir, name), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : openOwn(text, verifierKey);
  };
  const reading = Promise.all(['checkpoint', witnessedCheckpointFile].map(read));
  return largest(await inTime(reading, copyPatienceMs).catch(() => []));
}

function openOwn(text: string, verifierKey: VerifierKey): PublishedCheckpoint | undefined {
  try {
    return openPublished(text, verifierKey);
  } catch {
    return undefined;
  }
}

function largest(found: readonly (PublishedCheckpoint | undefined)[]): PublishedCheckpoint | undefined {
  return found.filter((each) => each !== undefined).sort((a, b) => b.size - a.size)[0];
}
