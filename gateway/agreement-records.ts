/** What the log is told of the sharing agreement: which one is in force, with which patterns, and how these differ. */
import { digestOf } from '../protocol/proof/merkle.ts';
import type { Digest } from '../protocol/ids.ts';
import type { Pattern } from './correlator/patterns/pattern.ts';
import type { RecordEntry } from './store/port.ts';

/** A gateway begins with an agreement, whose folder may have been edited while none ran. */
export function startedRecord(policy: Digest, patterns: readonly Pattern[]): RecordEntry {
  return { kind: 'gateway.started', policy, patterns: keysOf(patterns) };
}

/**
 * A gateway has taken over another agreement: that, and one entry for each pattern that came, went or was changed.
 * @param policy digest of the agreement with the patterns of now
 */
export function loadedRecords(
  policy: Digest,
  before: readonly Pattern[],
  now: readonly Pattern[],
): RecordEntry[] {
  return [
    { kind: 'policy.loaded', policy, patterns: keysOf(now) },
    ...patternChanges(before, now).map((change) => ({ kind: 'pattern.changed', ...change, policy })),
  ];
}

/** Names and versions, `id@version`, in order. */
function keysOf(patterns: readonly Pattern[]): string[] {
  return patterns.map(({ key }) => key).sort();
}

type PatternChange = { readonly pattern: string; readonly from: number | null; readonly to: number | null };

function patternChanges(before: readonly Pattern[], now: readonly Pattern[]): PatternChange[] {
  const [old, fresh] = [byId(before), byId(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((pattern) => {
    const [was, is] = [old.get(pattern), fresh.get(pattern)];
    if (was?.rule === is?.rule) return [];
    return [{ pattern, from: was?.version ?? null, to: is?.version ?? null }];
  });
}

type Ruling = { readonly version: number; readonly rule: Digest };

function byId(patterns: readonly Pattern[]): ReadonlyMap<string, Ruling> {
  return new Map(
    patterns.map((pattern) => [pattern.id, { version: pattern.version, rule: ruleOf(pattern) }]),
  );
}

/** A digest of what a pattern does and says, wherever it stands in its folder. */
function ruleOf({ file: _, line: _line, ...pattern }: Pattern): Digest {
  const text = JSON.stringify(pattern, (_name, value: unknown) =>
    value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : value,
  );
  return digestOf(Buffer.from(text));
}
