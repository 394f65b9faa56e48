/** Verifies whatever an audit is handed: the folder of a log, or a file of a kind that is known. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isErasureCertificate } from '../../protocol/audit/erasure-certificate.ts';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { parseCheckpoint } from '../../protocol/proof/checkpoint.ts';
import { logProofHeader, maxLogProofBytes } from '../../protocol/proof/log-proof.ts';
import { maxNoteBytes, parseNote } from '../../protocol/proof/note.ts';
import type { VerifierKey } from '../../protocol/proof/verifier-key.ts';
import { editorMarkIn } from './editor-marks.ts';
import type { AuditReport } from './finding.ts';
import { isLiveLog } from './live-log.ts';
import { logFolder, readUpTo } from './log-folder.ts';
import type { AuditTrust } from './open-for-audit.ts';
import { findLogKeyFile, readVerifierKeys } from './trusted-keys.ts';
import { unreadable } from './unreadable.ts';
import { verifyCertificate } from './verify-certificate.ts';
import { isSignedNote, verifyCheckpoint } from './verify-checkpoint.ts';
import { isEvidence, verifyEvidence } from './verify-evidence.ts';
import { isLogEvidence, verifyLogEvidence } from './verify-log-evidence.ts';
import { verifyLog } from './verify-log.ts';
import { verifyProof } from './verify-proof.ts';

/** Paths as a person names them, and what goes with them. */
export type VerifyOptions = {
  /** A file with the verifier key of the log; by default `log.vkey` beside what is verified. */
  readonly keyFile?: string;
  /** Files with the verifier keys of witnesses, each of which must have cosigned. */
  readonly witnessFiles?: readonly string[];
  /** How long the log may have gone on beyond what the witnesses have cosigned, ms. Default: 15 minutes. */
  readonly uncosignedAtMostMs?: number;
  /** When the copy of the log was made, ms since 1970. Of the folder of a gateway that runs it is now. */
  readonly copiedAtMs?: number;
  /** The log's name, where it is not the name of its key. */
  readonly origin?: string;
  /** A file with an older checkpoint of the log. */
  readonly sinceFile?: string;
  /** A file with the entry that a proof is about. */
  readonly entryFile?: string;
  readonly onProgress?: (done: number, size: number) => void;
};

/** What each kind of file needs to be verified. */
export type FileContext = { readonly trust: AuditTrust; readonly entry?: Uint8Array };

/** A kind of file: how it is recognised, and how it is verified. */
export type FileKind = {
  readonly recognises: (bytes: Buffer) => boolean;
  readonly verify: (bytes: Buffer, where: string, context: FileContext) => AuditReport | Promise<AuditReport>;
};

const logProofKind: FileKind = {
  recognises: (bytes) => bytes.subarray(0, logProofHeader.length).toString('latin1') === logProofHeader,
  verify: (bytes, where, context) => verifyProof(bytes, where, context),
};

const evidenceKind: FileKind = {
  recognises: isEvidence,
  verify: (bytes, where, { trust }) => verifyEvidence(bytes, where, trust),
};

const logEvidenceKind: FileKind = {
  recognises: isLogEvidence,
  verify: (bytes, where, { trust }) => verifyLogEvidence(bytes, where, trust),
};

const certificateKind: FileKind = {
  recognises: isErasureCertificate,
  verify: (bytes, where, { trust }) => verifyCertificate(bytes, where, trust),
};

const checkpointKind: FileKind = {
  recognises: isSignedNote,
  verify: (bytes, where, { trust }) => verifyCheckpoint(bytes, where, trust),
};

/** The kinds of files that can be verified. The last is known by its signatures alone, which others hold as well. */
export const fileKinds: readonly FileKind[] = [
  logProofKind,
  evidenceKind,
  logEvidenceKind,
  certificateKind,
  checkpointKind,
];

/** A gateway that has fallen behind writes tiles for seconds before the checkpoint that signs them. */
const growsWithinMs = 5_000;

/** The largest file that is read whole. */
const maxFileBytes = Math.max(maxLogProofBytes, 64 * 1024 * 1024);

/**
 * Verifies a folder or a file.
 * @throws CausewayError `log-unreadable` when there is nothing that could be judged; `usage-invalid` when an option does
 * not go with what is there
 */
export async function verifyPath(path: string, options: VerifyOptions = {}): Promise<AuditReport> {
  const found = await stat(path).catch((cause: unknown) => {
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw unreadable(path, isAbsent ? 'there is no such file or folder' : 'it cannot be read', cause);
  });
  refuseMisplacedBounds(options, found.isDirectory());
  if (found.isDirectory()) {
    if (options.entryFile !== undefined) throw misplaced('--entry goes with a proof, and this is a folder.');
    await refuseGatewayFolder(path);
    const since = await readSince(options.sinceFile);
    const trust = await trustOf(path, options);
    return verifyLog(logFolder(path), {
      ...options,
      copiedAtMs: options.copiedAtMs ?? (isLiveLog(path) ? Date.now() : undefined),
      trust,
      folder: path,
      growsWithinMs,
      ...(since === undefined ? {} : { since }),
    });
  }
  if (options.sinceFile !== undefined)
    throw misplaced(
      '--since goes with the folder of a log, and this is a file: name the folder first, and a kept checkpoint as --since.',
    );
  const bytes = await readNamed(path, maxFileBytes);
  refuseEditorMarks(path, bytes);
  const kind = fileKinds.find(({ recognises }) => recognises(bytes));
  if (kind === undefined)
    throw unreadable(
      path,
      'it is neither the folder of a log, nor a proof, nor evidence, nor a certificate of erasure, nor a checkpoint',
    );
  if (options.entryFile !== undefined && kind !== logProofKind)
    throw misplaced('--entry goes with a proof, and this file is none that needs it.');
  const entry =
    options.entryFile === undefined ? undefined : await readNamed(options.entryFile, maxFileBytes);
  const trust = await trustOf(path, options);
  return kind.verify(bytes, basename(path), { trust, ...(entry === undefined ? {} : { entry }) });
}

/** Only of a folder it can be told what came after the last checkpoint that the witnesses have cosigned. */
function refuseMisplacedBounds(
  { witnessFiles = [], uncosignedAtMostMs, copiedAtMs }: VerifyOptions,
  isFolder: boolean,
): void {
  for (const [name, value] of [
    ['--uncosigned-at-most', uncosignedAtMostMs],
    ['--copied-at', copiedAtMs],
  ] as const) {
    if (value === undefined) continue;
    if (!isFolder) throw misplaced(`${name} goes with the folder of a log, and this is a file.`);
    if (witnessFiles.length === 0) throw misplaced(`${name} goes with --witness.`);
  }
}

/** Whoever names the folder of a gateway means the log in it, and is told where that is. */
async function refuseGatewayFolder(path: string): Promise<void> {
  const holds = async (...below: string[]): Promise<boolean> =>
    stat(join(path, ...below)).then(
      () => true,
      () => false,
    );
  if ((await holds('checkpoint')) || !(await holds('log', 'checkpoint'))) return;
  throw unreadable(path, `it is no log, but holds one: ${join(path, 'log')}`);
}

/** An option that would be passed over: whoever gave it would take for checked what was not. */
function misplaced(detail: string): CausewayError {
  return new CausewayError('usage-invalid', { detail });
}

async function trustOf(
  path: string,
  { keyFile, witnessFiles = [], origin }: VerifyOptions,
): Promise<AuditTrust> {
  const keys = await readVerifierKeys(keyFile ?? (await findLogKeyFile(path)));
  const witnesses: VerifierKey[] = [];
  for (const file of witnessFiles) witnesses.push(...(await readVerifierKeys(file)));
  return { keys, witnesses, ...(origin === undefined ? {} : { origin }) };
}

async function readSince(path: string | undefined): Promise<{ name: string; bytes: Buffer } | undefined> {
  if (path === undefined) return undefined;
  const bytes = await readNamed(path, maxNoteBytes);
  refuseEditorMarks(path, bytes);
  try {
    parseCheckpoint(parseNote(bytes).text);
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    // The log is not to blame for what it cannot be compared with.
    throw unreadable(path, 'it is no checkpoint', error);
  }
  // As it was named: a kept checkpoint is often called as the one of the log.
  return { name: path, bytes };
}

/** Such a file is no evidence of a change: the original may be as it was signed. */
function refuseEditorMarks(path: string, bytes: Buffer): void {
  const mark = editorMarkIn(bytes);
  if (mark !== undefined) throw unreadable(path, `${mark}: fetch the original, as it was written`);
}

async function readNamed(path: string, limit: number): Promise<Buffer> {
  const bytes = await readUpTo(path, limit);
  if (bytes === undefined) throw unreadable(path, 'there is no such file');
  if (bytes.byteLength > limit) throw unreadable(path, 'it is too long');
  return bytes;
}
