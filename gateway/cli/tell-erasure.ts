/**
 * What follows an erasure. It cannot be taken back, so its certificate is told first, and whatever fails afterwards is told
 * with the words that the case was erased.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  formatErasureCertificate,
  type ErasureCertificate,
} from '../../protocol/audit/erasure-certificate.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { troubleSinceErased, type UncertifiedErasure } from '../audit/erase-case.ts';
import type { CaseId, ErasureResidue, Store } from '../store/port.ts';

/** How long the command waits for those that read the store as it was before. */
const residuePatienceMs = 5_000;
const residuePollMs = 250;

export type Aftermath = {
  readonly store: Pick<Store, 'readResidue'>;
  /** Finds alerts about the case that the certificate does not know of. */
  readonly findUnsaidAlerts: () => Promise<readonly CaseId[]>;
  /** What has failed since the case was erased. */
  readonly trouble?: unknown;
};

/** @throws AdvisedError that the case was erased, and the first of what has failed since */
export async function tellErasure(
  certificate: ErasureCertificate,
  { store, findUnsaidAlerts, trouble }: Aftermath,
  terminal: Terminal,
): Promise<void> {
  let first = trouble;
  const attempt = async <T>(step: () => Promise<T>): Promise<T | undefined> =>
    step().catch((error: unknown) => {
      first ??= error;
      return undefined;
    });
  let isPrinted = terminal.wantsJson;
  if (!terminal.wantsJson)
    await attempt(async () => {
      await terminal.deliver(formatErasureCertificate(certificate));
      isPrinted = true;
    });
  const unsaid = (await attempt(findUnsaidAlerts)) ?? [];
  if (unsaid.length > 0)
    terminal.hint(
      `Alerts that the certificate does not know of name messages of the case: ${unsaid.join(', ')}. Run this again with --alerts erase.`,
    );
  // Null where there is none; undefined where nobody knows.
  const residue = await attempt(
    async () =>
      (await terminal.during('Waiting for those who read the store as it was', () => awaitResidue(store))) ??
      null,
  );
  if (residue != null) terminal.hint(residueWords[residue]);
  // One object, which the residue is a part of.
  if (terminal.wantsJson) terminal.json({ type: 'erasure', ...certificate, residue });
  if (first !== undefined) throw erasedAllTheSame(certificate, isPrinted, first);
}

/** The same of an erasure that has no certificate yet, with what a script looks for. */
export function adviseOn({ code, detail = '', leaf, cause }: UncertifiedErasure): AdvisedError {
  const advice = 'Give the same command again: it prints the certificate once it can be made.';
  return new AdvisedError(code, { detail, advice, fields: { erased: true, leaf }, cause });
}

/** Whoever only heard of what has failed would take the case for not erased. */
function erasedAllTheSame({ leaf }: ErasureCertificate, isPrinted: boolean, cause: unknown): AdvisedError {
  const { code, detail = '' } = troubleSinceErased(cause);
  const end = isPrinted ? ', and the certificate is printed on stdout.' : '.';
  return new AdvisedError(code, {
    detail: `The case WAS erased, as leaf ${leaf} says${end} ${detail}`.trimEnd(),
    advice: 'Give the same command again: it prints the certificate once more, and does what is left.',
    fields: { erased: true, leaf },
    cause,
  });
}

const residueWords: Readonly<Record<ErasureResidue, string>> = {
  'write-ahead-log':
    'Somebody still reads the store as it was, such as a backup: until that ends, bytes of what was erased may stand ' +
    'in the write-ahead log of SQLite (causeway.db-wal). Run this again afterwards to see that they are gone.',
  oplog:
    'MongoDB keeps bytes of what was erased in its oplog and its journal until these have gone round; ' +
    'docs/operating.md says how long that is.',
};

/** Waits a while for readers to end. */
async function awaitResidue(store: Pick<Store, 'readResidue'>): Promise<ErasureResidue | undefined> {
  const deadline = performance.now() + residuePatienceMs;
  for (;;) {
    const residue = await store.readResidue();
    if (residue !== 'write-ahead-log' || performance.now() > deadline) return residue;
    await pause(residuePollMs);
  }
}
