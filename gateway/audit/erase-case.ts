/** Erasure of a case: destroys what opens its bodies, and proves by the log that and by whose order it was done. */
import { fileTrouble } from '../../files/file-trouble.ts';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { AlertsOfErasure, ErasureCertificate } from '../../protocol/audit/erasure-certificate.ts';
import {
  houseCase,
  type CaseId,
  type ErasureOutcome,
  type ProposedBodies,
  type RecordEntry,
  type Store,
  type StoredLeaf,
  type UnderWay,
} from '../store/port.ts';
import { eachLeaf } from '../store/each-leaf.ts';
import { proveLeafInFile } from './leaf-proof.ts';
import type { ProvingLog } from './prove-message.ts';

export type ErasureOrder = {
  readonly case: CaseId;
  /** Who ordered it, and on what ground. */
  readonly authority: string;
  /** Who carried it out. */
  readonly by: string;
  /** Those that spoke of it, where somebody has looked for them. */
  readonly alerts?: AlertsOfErasure;
  /** The case by whose order an alert goes along. */
  readonly with?: CaseId;
};

export type ErasureChoice = {
  /** What becomes of messages of the case that are on their way. */
  readonly underWay?: UnderWay | undefined;
  /** Says where bodies of the case may be: the store else looks through all of its log. */
  readonly proposeBodies?: ((id: CaseId) => Promise<ProposedBodies>) | undefined;
};

type Erasing = Pick<Store, 'eraseCase' | 'readLeaves' | 'countLeaves'>;

/**
 * @throws CausewayError `case-unknown`, also for the gateway's own case, which nobody may erase; `case-pending` while
 * messages of the case are on their way, unless they are to end; UncertifiedErasure where something fails once the case is
 * erased, such as a full disk under the log that is to prove it
 */
export async function eraseCase(
  store: Erasing,
  log: ProvingLog,
  order: ErasureOrder,
  { underWay, proposeBodies }: ErasureChoice = {},
): Promise<ErasureCertificate> {
  const from = await destroyCase(store, order, { underWay, proposeBodies });
  let leaf: StoredLeaf | undefined;
  try {
    leaf = await findErasure(store, from, order.case);
    return await certify(leaf, log);
  } catch (error) {
    throw new UncertifiedErasure(error, leaf?.index);
  }
}

/** What has failed since a case was erased, as an error that crosses boundaries. */
export function troubleSinceErased(cause: unknown): CausewayError {
  const typed = isCausewayError(cause) ? cause : fileTrouble(cause);
  return typed ?? new CausewayError('internal-error');
}

/** A case was erased, and then something failed: its certificate can be made later. */
export class UncertifiedErasure extends CausewayError {
  /** The leaf that says so; undefined where it was not found. */
  readonly leaf: number | undefined;

  /** The error itself is the cause: what stands behind it is told elsewhere without these words. */
  constructor(cause: unknown, leaf: number | undefined) {
    const { code, detail = '' } = troubleSinceErased(cause);
    const says = leaf === undefined ? '' : `, as leaf ${leaf} says`;
    const said = `The case WAS erased${says}; the same command prints the certificate once it can be made.`;
    super(code, { detail: `${said} ${detail}`.trimEnd(), cause });
    this.leaf = leaf;
  }
}

/**
 * Erases it, for somebody to certify it later.
 * @returns how many leaves there were before: the one that says so is one of those that follow
 * @throws CausewayError `case-unknown`, `case-pending`
 */
export async function destroyCase(
  store: Pick<Store, 'eraseCase' | 'countLeaves'>,
  order: ErasureOrder,
  { underWay, proposeBodies }: ErasureChoice = {},
): Promise<number> {
  if (order.case === houseCase) throw new CausewayError('case-unknown');
  const from = await store.countLeaves();
  const record: RecordEntry = { kind: 'case.erased', ...order, ...(underWay === 'end' && { underWay }) };
  let outcome: ErasureOutcome;
  do outcome = await store.eraseCase(order.case, record, underWay, await proposeBodies?.(order.case));
  while (outcome === 'pending' && underWay === 'end');
  if (outcome !== 'erased') throw new CausewayError(outcome === 'pending' ? 'case-pending' : 'case-unknown');
  return from;
}

/**
 * The certificate of an erasure that was done before, for whoever has lost it or never got it.
 * @param index where the search index has found the leaf of the erasure
 * @throws CausewayError `case-unknown` when the leaf is not that of an erasure of this case; UncertifiedErasure
 */
export async function certifyErasure(
  store: Pick<Store, 'readLeaves'>,
  log: ProvingLog,
  id: CaseId,
  index: number,
): Promise<ErasureCertificate> {
  const [leaf] = await store.readLeaves(index, 1);
  if (leaf?.entry.kind !== 'case.erased' || leaf.entry.case !== id) throw new CausewayError('case-unknown');
  return certify(leaf, log).catch((error: unknown) => {
    throw new UncertifiedErasure(error, leaf.index);
  });
}

async function certify(leaf: StoredLeaf, log: ProvingLog): Promise<ErasureCertificate> {
  const {
    case: id,
    authority,
    by,
    alerts,
    bodies,
  } = leaf.entry as unknown as ErasureOrder & {
    readonly bodies?: number;
  };
  const { opening } = leaf;
  if (opening === undefined)
    throw new CausewayError('store-unavailable', {
      detail: 'What the leaf of the erasure says cannot be read.',
    });
  const { text: proof } = await proveLeafInFile(leaf, log);
  const order = { case: id, authority, by, ...(alerts && { alerts }), bodies };
  return { ...order, at: leaf.at, leaf: leaf.index, opening, proof };
}

/** Others may have written meanwhile. */
async function findErasure(store: Pick<Store, 'readLeaves'>, from: number, id: CaseId): Promise<StoredLeaf> {
  for await (const leaf of eachLeaf(store, from)) {
    if (leaf.entry.kind === 'case.erased' && leaf.entry.case === id) return leaf;
  }
  throw new CausewayError('store-unavailable', { detail: 'The leaf of the erasure cannot be read.' });
}
