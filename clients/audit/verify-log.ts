/**
 * Verifies a log, offline: every entry is hashed, every tile computed anew and compared, the root held
 * against the signed checkpoint. It goes through the log once, from the first entry to the last, and keeps no more
 * of it than one tile a level.
 */
import { witnessedCheckpointFile, type TrustedCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { isCausewayError } from '../../protocol/errors.ts';
import { hashBytes } from '../../protocol/proof/merkle.ts';
import { TileBuilder } from '../../protocol/proof/tile-builder.ts';
import { decodeBundle, tilePath, tileWidth, tileWidthAt, type Tile } from '../../protocol/proof/tile.ts';
import { blame, type TileDifference } from './blame.ts';
import { FindingList, type AuditReport } from './finding.ts';
import { cosignedLater } from './later-cosignatures.ts';
import { checkLeftovers } from './leftovers.ts';
import {
  checkpointFile,
  readCheckpointFile,
  readLogFile,
  readWitnessedFile,
  type LogFile,
  type LogFiles,
} from './log-folder.ts';
import { OlderCheckpoints, type OlderCheckpoint } from './older-checkpoints.ts';
import { describeCheckpoint, openForAudit, type AuditTrust } from './open-for-audit.ts';
import { lowerFirst } from './lower-first.ts';
import { readAhead } from './read-ahead.ts';
import { UncosignedEntries } from './uncosigned-entries.ts';
import { unreadable } from './unreadable.ts';
import { isOnlyUnwitnessed, openWitnessed } from './witnessed-checkpoint.ts';

export type VerifyLogOptions = {
  readonly trust: AuditTrust;
  /** The folder as whoever asks has named it, for errors. */
  readonly folder?: string;
  /** An older checkpoint of the same log, by its path: nothing under it may have been removed or changed. */
  readonly since?: { readonly name: string; readonly bytes: Uint8Array };
  /** How long the log may have gone on beyond what the witnesses have cosigned, ms. Default: 15 minutes. */
  readonly uncosignedAtMostMs?: number | undefined;
  /** When the copy was made, ms since 1970, where that is known: what is not cosigned had waited until then. */
  readonly copiedAtMs?: number | undefined;
  /** Where a gateway may be at work: how long its checkpoint may come after its tiles, ms. Default 0. */
  readonly growsWithinMs?: number;
  /** Told now and then how many entries have been gone through, of how many. */
  readonly onProgress?: (done: number, size: number) => void;
};

const maxDifferences = 1000;
const bundlesAhead = 4;

/**
 * Verifies a log.
 * @throws CausewayError `log-unreadable` when there is none, or a file of it cannot be read
 */
export async function verifyLog(files: LogFiles, options: VerifyLogOptions): Promise<AuditReport> {
  // Before the checkpoint, which may be replaced by one of more entries meanwhile.
  const witnessedBytes = await readWitnessedFile(files);
  const bytes = await readCheckpointFile(files);
  const findings = new FindingList();
  if (bytes === undefined) {
    if (!(await hasTiles(files))) throw unreadable(options.folder ?? 'the folder', 'there is no log in it');
    const text = 'the log has no file checkpoint.';
    findings.add({ kind: 'truncated', where: checkpointFile, text });
    return report(undefined, findings);
  }
  const opened = openForAudit(bytes, options.trust, checkpointFile);
  const { checkpoint } = opened;
  const witnessed = checkpoint && openWitnessed(witnessedBytes, options.trust, checkpoint);
  const isBehind =
    witnessed?.checkpoint !== undefined && isOnlyUnwitnessed(opened) && witnessed.findings.length === 0;
  findings.add(...(isBehind ? [] : opened.findings));
  if (checkpoint === undefined) return report(undefined, findings);
  findings.add(...(witnessed?.findings ?? []).filter(({ kind }) => kind !== 'unwitnessed'));
  const since = openSince(options, checkpoint, findings);
  const older = new OlderCheckpoints([
    ...(witnessed?.checkpoint ? [{ ...witnessed.checkpoint, where: witnessedCheckpointFile }] : []),
    ...(since ? [since] : []),
  ]);
  const { uncosignedAtMostMs: atMostMs, copiedAtMs } = options;
  const uncosigned = isBehind
    ? new UncosignedEntries(witnessed.checkpoint, { atMostMs, copiedAtMs })
    : undefined;
  const run = new LogRun(files, checkpoint, findings, older, uncosigned);
  await run.readEntries(options.onProgress);
  await run.conclude();
  if (findings.isEmpty) {
    const { growsWithinMs = 0 } = options;
    await checkLeftovers(files, { size: checkpoint.size, growsWithinMs }, findings);
  }
  if (uncosigned?.finding !== undefined) findings.add(uncosigned.finding);
  const { cosignatures } = describeCheckpoint(isBehind ? witnessed.checkpoint : checkpoint);
  const later = cosignedLater(cosignatures, copiedAtMs);
  return {
    ...report(checkpoint, findings),
    cosignatures,
    ...(isBehind && { witnessed: witnessed.checkpoint.size }),
    ...(copiedAtMs !== undefined && { copiedAtMs }),
    ...(later.length > 0 && { cosignedLater: later }),
    ...(since === undefined ? {} : { since: since.size }),
  };
}

async function hasTiles(files: LogFiles): Promise<boolean> {
  for await (const _path of files.paths()) return true;
  return false;
}

function report(checkpoint: TrustedCheckpoint | undefined, findings: FindingList): AuditReport {
  const { listed, unlisted } = findings;
  return { subject: 'log', ...describeCheckpoint(checkpoint), findings: listed, unlisted };
}

/** The older checkpoint, when it can be compared; whatever stands against that is a finding. */
function openSince(
  { since, trust }: VerifyLogOptions,
  checkpoint: TrustedCheckpoint,
  findings: FindingList,
): OlderCheckpoint | undefined {
  if (since === undefined) return undefined;
  const { origin, keys } = trust;
  const opened = openForAudit(since.bytes, { keys, ...(origin === undefined ? {} : { origin }) }, since.name);
  findings.add(...opened.findings);
  const older = opened.checkpoint;
  if (older === undefined) return undefined;
  if (older.size <= checkpoint.size) return { ...older, where: since.name };
  const text = `the checkpoint has ${checkpoint.size} entries, and ${since.name} had ${older.size} already.`;
  findings.add({ kind: 'rolled-back', where: checkpointFile, line: 2, text });
  return undefined;
}

/** One way through the log. */
class LogRun {
  readonly #files: LogFiles;
  readonly #checkpoint: TrustedCheckpoint;
  readonly #findings: FindingList;
  /** Those that it must lead to as well. */
  readonly #older: OlderCheckpoints;
  readonly #uncosigned: UncosignedEntries | undefined;
  readonly #builder = new TileBuilder();
  readonly #differences: TileDifference[] = [];
  #isWhole = true;

  constructor(
    files: LogFiles,
    checkpoint: TrustedCheckpoint,
    findings: FindingList,
    older: OlderCheckpoints,
    uncosigned: UncosignedEntries | undefined,
  ) {
    this.#files = files;
    this.#checkpoint = checkpoint;
    this.#findings = findings;
    this.#older = older;
    this.#uncosigned = uncosigned;
  }

  async readEntries(onProgress: VerifyLogOptions['onProgress']): Promise<void> {
    const { size } = this.#checkpoint;
    const bundles = Math.ceil(size / tileWidth);
    const read = (index: number) =>
      readLogFile(this.#files, { level: 'entries', index, width: tileWidthAt(0, index, size) });
    this.#older.compare(this.#builder);
    for await (const [index, file] of readAhead(bundles, bundlesAhead, read)) {
      const leaves = await this.#leavesOf(index, file);
      if (leaves === undefined) return;
      if (!Buffer.isBuffer(leaves)) this.#uncosigned?.take(this.#builder.size, leaves);
      await this.#append(leaves);
      onProgress?.(this.#builder.size, size);
    }
    for (const tile of this.#builder.partialTiles()) await this.#compare(tile);
  }

  /** Says what the differences mean, and whether the whole leads to the checkpoint. */
  async conclude(): Promise<void> {
    const { size, root } = this.#checkpoint;
    const isComplete = this.#builder.size === size;
    const isSigned = isComplete && this.#builder.root().equals(root);
    const forks = await this.#older.findForks(this.#checkpoint, isSigned, this.#files);
    this.#findings.add(...forks);
    if (!isComplete) return;
    const found = await blame(this.#differences, isSigned, this.#files, { size, root });
    this.#findings.add(...found);
    if (isSigned || found.length > 0 || !this.#isWhole) return;
    const text =
      'entries and tiles agree with one another, but the checkpoint has signed another history than theirs.';
    this.#findings.add({ kind: 'forked', where: checkpointFile, line: 3, text });
  }

  /** Entries of a bundle; when it is damaged, the hashes that its tile has for them, so that the rest can be checked. */
  async #leavesOf(index: number, file: LogFile | undefined): Promise<readonly Buffer[] | Buffer | undefined> {
    const width = tileWidthAt(0, index, this.#checkpoint.size);
    const where = file?.path ?? tilePath({ level: 'entries', index, width });
    try {
      if (file !== undefined) return decodeBundle(file.bytes, file.width).slice(0, width);
      this.#findings.add({
        kind: 'truncated',
        where,
        entry: index * tileWidth,
        text: `${where} is missing.`,
      });
    } catch (error) {
      if (!isCausewayError(error, 'log-malformed')) throw error;
      const text = `${where} is damaged: ${lowerFirst(error.detail ?? '')}`;
      this.#findings.add({ kind: 'truncated', where, entry: index * tileWidth, text });
    }
    this.#isWhole = false;
    const tile = await readLogFile(this.#files, { level: 0, index, width });
    const hashes = tile?.bytes.subarray(0, width * hashBytes);
    return hashes?.byteLength === width * hashBytes ? hashes : undefined;
  }

  async #append(leaves: readonly Buffer[] | Buffer): Promise<void> {
    const count = Buffer.isBuffer(leaves) ? leaves.byteLength / hashBytes : leaves.length;
    const first = this.#builder.size;
    const stops = this.#older.sizesBetween(first, first + count).map((size) => size - first);
    let from = 0;
    for (const to of [...new Set(stops), count]) {
      const tiles = Buffer.isBuffer(leaves)
        ? this.#builder.appendLeaves(leaves.subarray(from * hashBytes, to * hashBytes))
        : this.#builder.append(leaves.slice(from, to));
      for (const tile of tiles) await this.#compare(tile);
      this.#older.compare(this.#builder);
      from = to;
    }
  }

  async #compare(expected: Tile): Promise<void> {
    const file = await readLogFile(this.#files, expected);
    const where = file?.path ?? tilePath(expected);
    if (file === undefined) {
      this.#findings.add({ kind: 'truncated', where, text: `${where} is missing.` });
      return;
    }
    if (file.bytes.byteLength !== file.width * hashBytes) {
      const text = `${where} has ${file.bytes.byteLength} bytes in place of ${file.width * hashBytes}.`;
      this.#findings.add({ kind: 'truncated', where, text });
      return;
    }
    const found = file.bytes.subarray(0, expected.width * hashBytes);
    if (found.equals(expected.bytes)) return;
    if (this.#differences.length < maxDifferences) this.#differences.push({ path: where, expected, found });
  }
}
