/** One replay: the SDK's tokens, the gateway's index and the gateway's correlator, as in service. */
import { performance } from 'node:perf_hooks';
import { SubjectTokeniser } from '../../clients/sdk/linkage/subject-tokens.ts';
import { alertKey, type Alert } from '../../gateway/correlator/alert.ts';
import { Correlator } from '../../gateway/correlator/correlator.ts';
import { describeEvent } from '../../gateway/correlator/describe-event.ts';
import { byArrival, type CorrelatorEvent } from '../../gateway/correlator/event.ts';
import { LinkIndex } from '../../gateway/correlator/link-index.ts';
import type { LinkRecord, Linker } from '../../gateway/correlator/linker.ts';
import type { Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import { MemoryTokenTable } from '../../gateway/correlator/token-table.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import type { SubjectTokens } from '../../protocol/linkage/subject-tokens.ts';
import type { StreamLine } from './stream.ts';

export type Told = { readonly event: CorrelatorEvent; readonly tokens: SubjectTokens };

export type Replay = {
  readonly alerts: readonly Alert[];
  readonly withdrawn: number;
  readonly seconds: number;
  readonly descriptions: number;
  readonly tokenTableBytes: number;
  /** Children as far as links tell them apart; for rates only, nothing is decided by it. */
  readonly children: number;
};

const key = { epoch: 1, secret: new Uint8Array(32).fill(7) };

/** Makes the tokens of every line, in the order of arrival. */
export function tokenise(lines: readonly StreamLine[], policy: PolicySet): Told[] {
  const tokeniser = new SubjectTokeniser(key);
  return lines
    .map(({ subject, time, arrived, ...line }) => ({
      event: describeEvent({ ...line, time: Date.parse(time), arrived: Date.parse(arrived) }, policy),
      tokens: tokeniser.tokensOf(
        Object.fromEntries(Object.entries(subject).filter(([, value]) => value != null && value !== '')),
      ),
    }))
    .sort((a, b) => byArrival(a.event, b.event));
}

/** Replays notices in the order given. */
export function replay(notices: readonly Told[], patterns: readonly Pattern[]): Replay {
  const table = new MemoryTokenTable();
  const index = new LinkIndex(table);
  const records = new Set<LinkRecord>();
  const linker: Linker<SubjectTokens> = {
    admit: (subject) => {
      const record = index.admit(subject);
      records.add(record);
      return record;
    },
    conflicts: (a, b) => index.conflicts(a, b),
    release: (record) => index.release(record),
  };
  const correlator = new Correlator(patterns, linker);
  const alerts = new Map<string, Alert>();
  let withdrawn = 0;
  const start = performance.now();
  let latest = 0;
  for (const { event, tokens } of notices) {
    const outcome = correlator.add(event, tokens);
    latest = Math.max(latest, event.arrived);
    for (const alert of outcome.withdrawn) alerts.delete(alertKey(alert));
    for (const alert of outcome.raised) alerts.set(alertKey(alert), alert);
    withdrawn += outcome.withdrawn.length;
  }
  // Deadlines that lie within the stream are given the time to pass.
  const graceMs = Math.max(0, ...patterns.map((pattern) => pattern.graceMs));
  for (const alert of correlator.advance(latest + graceMs + 1).raised) alerts.set(alertKey(alert), alert);
  const seconds = (performance.now() - start) / 1000;
  return {
    alerts: [...alerts.values()],
    withdrawn,
    seconds,
    descriptions: index.size,
    tokenTableBytes: table.bytes,
    children: countChildren(records),
  };
}

function countChildren(records: ReadonlySet<LinkRecord>): number {
  const seen = new Set<LinkRecord>();
  let children = 0;
  for (const record of records) {
    if (seen.has(record)) continue;
    children += 1;
    const group = new Set([record]);
    for (const member of group) {
      seen.add(member);
      for (const { to, tier } of member.links) if (tier === 'same') group.add(to);
    }
  }
  return children;
}
