/** Whether the store is what was published, for `gateway check`. */
import { tilePath, tileWidth, tileWidthAt } from '../../protocol/proof/tile.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { Unchecked } from '../audit/published-leaves.ts';
import type { StoreAgainstLog } from '../audit/store-against-log.ts';
import { lossInWords } from '../audit/tampering-words.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import type { Store, StoredLeaf } from '../store/port.ts';
import { good, type Finding } from './check-finding.ts';
import { listed } from './listed-faults.ts';
import { uncheckedInWords } from './tell-unchecked.ts';

const check = 'audit log';

/**
 * Reads all leaves of the store that were published, with progress where that takes a while.
 * @param onLeaf told of each of them, in order
 */
export async function checkLog(
  home: GatewayHome,
  store: Store,
  terminal: Terminal,
  onLeaf: (leaf: StoredLeaf) => void,
): Promise<Finding> {
  const [{ PublishedLog }, { holdStoreAgainst }] = await Promise.all([
    import('./published-log.ts'),
    import('../audit/store-against-log.ts'),
  ]);
  const log = new PublishedLog(home, store);
  // Read before the checkpoint of the log, which a gateway that runs writes first.
  const kept = await log.newestKept();
  const unchecked: Unchecked[] = [];
  const leaves = await log.leavesOf(store, (each) => {
    // From which leaf on it does not hold what was published is found here.
    if (each.reason !== 'log-forked') unchecked.push(each);
  });
  const [first] = unchecked;
  if (first?.reason === 'never-published') return good(check, 'nothing was published yet');
  if (first !== undefined && kept === undefined) return bad([uncheckedInWords(first)]);
  const { published } = leaves;
  const size = Math.max(published.size, kept?.size ?? 0);
  const progress = terminal.progress('Holding the store against the published log');
  const found = await holdStoreAgainst(published, leaves, kept, {
    onLeaf,
    onProgress: (done) =>
      progress.update(`Holding the store against the published log, leaf ${done} of ${size}`),
  }).finally(() => progress.end());
  const problems = [
    ...problemsOf(found, published.size),
    ...(found.continuesKept ? [] : [forkOf(kept?.size ?? 0)]),
    ...unchecked.map(uncheckedInWords),
  ];
  return problems.length > 0
    ? bad(problems)
    : good(check, `the ${published.size} leaves that were published are those of the store`);
}

function forkOf(size: number): string {
  return (
    `The store does not begin with the ${size} leaves that were signed before, ` +
    'by the newest checkpoint of `checkpoints/`: leaves were changed or removed since.'
  );
}

/** What can be said of the log without reading it: undefined where nothing is amiss. */
export function checkUnread([first]: readonly Unchecked[]): Finding | undefined {
  if (first === undefined || first.reason === 'never-published') return undefined;
  return { check, verdict: 'warn', detail: uncheckedInWords(first) };
}

function bad(problems: readonly string[]): Finding {
  return { check, verdict: 'bad', detail: 'the store and the published log are not the same', problems };
}

function problemsOf({ read, isSigned, tampered }: StoreAgainstLog, size: number): string[] {
  const { rewritten } = tampered;
  const problems: string[] = [];
  if (read < size) {
    problems.push(
      `The store has ${read} leaves of the ${size} that were published: leaf ${read} and what follows are gone.`,
    );
  } else if (!isSigned && rewritten.count === 0) {
    problems.push(
      'The leaves are those of the published tiles, but not those that the checkpoint signs: both were changed.',
    );
  }
  // What leads to the signed root is right, and then the tile is not.
  const blame = (leaf: number): string =>
    isSigned
      ? `${tileOver(leaf, size)} has another hash for leaf ${leaf} than was signed: the file was changed, and not the store.`
      : `${lossInWords(leaf, 'rewritten')} Its hash stands in ${tileOver(leaf, size)}.`;
  return [
    ...problems,
    ...listed(rewritten, blame),
    ...listed(tampered.changed, (leaf) => lossInWords(leaf, 'changed')),
    ...listed(tampered['secret-gone'], (leaf) => lossInWords(leaf, 'secret-gone')),
  ];
}

function tileOver(leaf: number, size: number): string {
  const index = Math.floor(leaf / tileWidth);
  return `log/${tilePath({ level: 0, index, width: tileWidthAt(0, index, size) })}`;
}
