/** What a search means, said again without an index. */
import type { SearchQuery } from '../../../gateway/audit/index-reader.ts';
import { houseCase, type StoredLeaf } from '../../../gateway/store/port.ts';
import { agencyOf } from '../../../protocol/ids.ts';
import { parseLeaf } from '../../../protocol/audit/leaf.ts';

/** Whether a leaf is what a query asks for. @param leaves all leaves, by index */
export function matchesSlowly(leaf: StoredLeaf, leaves: readonly StoredLeaf[], query: SearchQuery): boolean {
  const { from = 0, to = Infinity, before = Infinity } = query;
  if (leaf.at < from || leaf.at >= to || leaf.index >= before) return false;
  const said = saidOf(leaf, leaves);
  return (['agency', 'endpoint', 'case', 'category', 'kind', 'outcome'] as const).every((field) => {
    const asked = query[field];
    return asked === undefined || asked.some((value) => said[field].includes(value));
  });
}

function saidOf(
  leaf: StoredLeaf,
  leaves: readonly StoredLeaf[],
): Record<string, string[]> &
  Record<'agency' | 'endpoint' | 'case' | 'category' | 'kind' | 'outcome', string[]> {
  const { kind, code, of, nth } = parseLeaf(Buffer.from(leaf.leaf));
  const word = kind.split(/[.-]/).at(-1) ?? '';
  const open = {
    kind: [kind, kind.split('.')[0] ?? ''],
    outcome: [
      ...(['accepted', 'refused', 'repeated', 'delivered', 'stored', 'expired', 'error'].includes(word)
        ? [word]
        : []),
      ...(code === undefined ? [] : [code]),
    ],
  };
  const origin = of === undefined ? leaf : leaves[of];
  if (origin === undefined || origin.erased || origin.case === undefined) {
    return { ...open, agency: [], endpoint: [], case: [], category: [] };
  }
  const { entry } = origin;
  const decided = (entry.decisions as { recipient: string }[] | undefined)?.map(({ recipient }) => recipient);
  const recipients = decided ?? (entry.to as string[] | undefined) ?? [];
  const endpoints = [
    entry.source,
    entry.endpoint,
    ...(nth === undefined ? recipients : [recipients[nth]]),
  ].filter((each) => typeof each === 'string');
  const spokenOf = kind.startsWith('message.') || entry.case === undefined ? [] : [entry.case as string];
  return {
    ...open,
    endpoint: endpoints,
    agency: endpoints.map(agencyOf),
    case: origin.case === houseCase ? spokenOf : [origin.case],
    category: typeof entry.category === 'string' ? [entry.category] : [],
  };
}
