/** Reading the audit log's leaves with their bodies, where the secret of their case is still there. */
import type { ClientSession, FindOptions } from 'mongodb';
import type { CaseVault } from '../case-vault.ts';
import type { CaseId, StoredLeaf } from '../port.ts';
import { bodiesOf, openBlock, type BlockRow } from '../stored-leaf.ts';
import type { Collections } from './documents.ts';
import { idBinary, idOf } from './keys.ts';
import { blocksFrom } from './leaf-runs.ts';

/** What one reading gives back, about. */
const maxReadBytes = 1024 * 1024;

/** See `Store.countLeaves`. @param sight how the block is read, where not as the client reads everything */
export async function countLeaves(
  block: Collections['block'],
  session: ClientSession,
  sight: Pick<FindOptions, 'readConcern'> = {},
): Promise<number> {
  const options = { session, hint: 'by_leaf', projection: { first: 1, count: 1 }, ...sight } as const;
  const last = await block.findOne({}, { ...options, sort: { first: -1 } });
  return last === null ? 0 : last.first + last.count;
}

/** See `Store.readLeaves`. */
export async function readLeaves(
  { block, caseSecret }: Collections,
  vault: CaseVault,
  { from, limit }: { readonly from: number; readonly limit: number },
  session: ClientSession,
): Promise<StoredLeaf[]> {
  const rows: BlockRow[] = [];
  let bytes = 0;
  for await (const row of blocksFrom(block, from, ['at', 'bodies'], session)) {
    if (row.first >= from + limit) break;
    rows.push(row);
    bytes += row.leaves.byteLength + row.bodies.byteLength;
    if (bytes >= maxReadBytes) break;
  }
  const cases = new Set(rows.flatMap((row) => [...bodiesOf(row).values()].map(({ of }) => of)));
  const secrets = new Map<CaseId, Buffer>();
  if (cases.size > 0) {
    const found = caseSecret.find({ _id: { $in: [...cases].map(idBinary) } }, { session });
    for await (const { _id, secret } of found) secrets.set(idOf(_id), secret);
  }
  return rows.flatMap((row) => openBlock(row, from, vault, (id) => secrets.get(id))).slice(0, limit);
}
