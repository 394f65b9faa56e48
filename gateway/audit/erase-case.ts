/** Erasure of a case: destroys what opens its bodies, and proves by the log that and by whose order it was done. */
import { CausewayError } from '../../protocol/errors.ts';
import { formatLogProof } from '../../protocol/proof/log-proof.ts';
import { proveInclusion } from '../../protocol/proof/tile-proof.ts';
import { houseCase, type CaseId, type RecordEntry, type Store, type StoredLeaf } from '../store/port.ts';
import { eachLeaf } from '../store/each-leaf.ts';
import type { ProvingLog } from './prove-message.ts';

export type ErasureOrder = {
  readonly case: CaseId;
  /** Who ordered it, and on what ground. */
  readonly authority: string;
  /** Who carried it out. */
  readonly by: string;
};

/** What was done, and its proof: a file of c2sp.org/tlog-proof. */
export type ErasureCertificate = ErasureOrder & {
  /** When, ms since 1970. */
  readonly at: number;
  /** Index of the leaf that says so. */
  readonly leaf: number;
  readonly proof: string;
};

/**
 * Erases a case. One that was erased before, and has had no message since, gets the certificate of then: the log may
 * not have been at hand when it was to be made.
 * @throws CausewayError `case-unknown`, also for the gateway's own case; `case-pending` while messages of the case are
 * on their way
 */
export async function eraseCase(
  store: Pick<Store, 'eraseCase' | 'readLeaves' | 'countLeaves'>,
  log: ProvingLog,
  order: ErasureOrder,
): Promise<ErasureCertificate> {
  // Enrolments, readings and what nobody has signed are in it: the gateway's own account is not any child's.
  if (order.case === houseCase) throw new CausewayError('case-unknown');
  const from = await store.countLeaves();
  const record: RecordEntry = { kind: 'case.erased', ...order };
  const outcome = await store.eraseCase(order.case, record);
  if (outcome === 'pending') throw new CausewayError('case-pending');
  const leaf = await findErasure(store, outcome === 'erased' ? from : 0, order.case);
  if (leaf === undefined) throw new CausewayError('case-unknown');
  return certify(leaf, order, log);
}

/** The newest erasure of a case from an index on: others may have written meanwhile. */
async function findErasure(
  store: Pick<Store, 'readLeaves'>,
  from: number,
  id: CaseId,
): Promise<StoredLeaf | undefined> {
  let found: StoredLeaf | undefined;
  for await (const leaf of eachLeaf(store, from)) {
    if (leaf.entry.kind === 'case.erased' && leaf.entry.case === id) found = leaf;
  }
  return found;
}

async function certify(
  { index, at, leaf, entry }: StoredLeaf,
  order: ErasureOrder,
  log: ProvingLog,
): Promise<ErasureCertificate> {
  const { size, text } = await log.checkpointFor(index + 1);
  const path = await proveInclusion(index, size, log.read);
  const proof = formatLogProof({ index, path, checkpoint: text, extra: Buffer.from(leaf) });
  const { authority = order.authority, by = order.by } = entry as Partial<ErasureOrder>;
  return { case: order.case, authority, by, at, leaf: index, proof };
}

/** The certificate for people, with the proof for machines below it. */
export function formatCertificate({ case: id, authority, by, at, leaf, proof }: ErasureCertificate): string {
  return `Certificate of erasure

Case       ${id}
Erased     ${new Date(at).toISOString()}
By order   ${authority}
Done by    ${by}
Recorded   leaf ${leaf} of the audit log

The key and the salts of the case were destroyed, and with them every body that its leaves were bound to; the
ciphertexts of its messages and what the store knew of their matter were deleted. The leaves stay in the log, and
every other proof still verifies. Copies of the store made before hold what they held: erase the case there too.

The proof that leaf ${leaf} stands in the log follows, in the form of c2sp.org/tlog-proof@v1. Save the lines from
there on in a file, and check it: causeway audit verify FILE --key log.vkey

${proof}`;
}
