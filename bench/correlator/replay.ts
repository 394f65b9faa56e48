/**
 * One replay: the SDK's tokens, the gateway's index and the gateway's correlator. Unlike in service nothing is swept: a
 * shuffled stream tells of its beginning when its end has arrived, and could not raise the same alerts from a history that
 * is forgotten by then. What sweeping costs and leaves is measured by `bench/correlator-cost.ts`.
 */
import { performance } from 'node:perf_hooks';
import { SubjectTokeniser } from '../../clients/sdk/linkage/subject-tokens.ts';
import { alertKey, type Alert } from '../../gateway/correlator/alert.ts';
import { Correlator, type Outcome } from '../../gateway/correlator/correlator.ts';
import { describeEvent } from '../../gateway/correlator/describe-event.ts';
import { byArrival, type CorrelatorEvent } from '../../gateway/correlator/event.ts';
import { LinkIndex } from '../../gateway/correlator/link-index.ts';
import type { LinkRecord } from '../../gateway/correlator/linker.ts';
import type { Pattern } from '../../gateway/correlator/patterns/pattern.ts';
import { PackedStore } from '../../gateway/correlator/packed-store.ts';
import { MemoryTokenTable } from '../../gateway/correlator/token-table.ts';
import type { PolicySet } from '../../gateway/policy/policy-set.ts';
import { packTokens, type PackedTokens } from '../../protocol/linkage/packed-set.ts';
import type { StreamLine } from './stream.ts';

/** A notice with its tokens packed, as the correlator is handed them by the thread that reads history. */
export type Told = { readonly event: CorrelatorEvent; readonly tokens: PackedTokens };

export type Replay = {
  readonly alerts: readonly Alert[];
  readonly withdrawn: number;
  /** Of the correlator alone: what was packed before it, and counted after it, is left out. */
  readonly seconds: number;
  readonly descriptions: number;
  readonly tokenTableBytes: number;
  /** Children as far as links tell them apart; for rates only, nothing is decided by it. */
  readonly children: number;
};

const key = { epoch: 1, secret: new Uint8Array(32).fill(7) };

/** Makes the tokens of every line, in the order of arrival. */
export function tokenise(lines: readonly StreamLine[], policy: PolicySet): Told[] {
  const tokensOf = lineTokeniser();
  const told = lines.map((line) => ({ event: eventOf(line, policy), tokens: tokensOf(line) }));
  const store = new PackedStore();
  return told
    .map(({ event, tokens }) => {
      const place = store.put(tokens);
      return {
        event,
        tokens: { words: store.blockOf(place), from: store.offsetOf(place), length: tokens.length },
      };
    })
    .sort((a, b) => byArrival(a.event, b.event));
}

/** What the gateway knows of a line. */
export function eventOf(line: StreamLine, policy: PolicySet): CorrelatorEvent {
  const { subject: _, time, arrived, ...rest } = line;
  return describeEvent({ ...rest, time: Date.parse(time), arrived: Date.parse(arrived) }, policy);
}

/** Makes the tokens of a line's subject as the SDK does, and packs them as the gateway does. */
export function lineTokeniser(): (line: StreamLine) => PackedTokens {
  const tokeniser = new SubjectTokeniser(key);
  return ({ subject }) =>
    packTokens(
      tokeniser.tokensOf(
        Object.fromEntries(Object.entries(subject).filter(([, value]) => value != null && value !== '')),
      ),
    );
}

/** Replays notices in the order given. */
export function replay(notices: readonly Told[], patterns: readonly Pattern[]): Replay {
  const table = new MemoryTokenTable();
  const index = new LinkIndex(table);
  const correlator = new Correlator(patterns, index);
  const alerts = new Map<string, Alert>();
  let withdrawn = 0;
  const take = (outcome: Outcome): void => {
    for (const alert of outcome.withdrawn) alerts.delete(alertKey(alert));
    for (const alert of outcome.raised) alerts.set(alertKey(alert), alert);
    withdrawn += outcome.withdrawn.length;
  };
  const start = performance.now();
  let latest = 0;
  for (const { event, tokens } of notices) {
    take(correlator.add(event, tokens));
    latest = Math.max(latest, event.arrived);
  }
  // Deadlines that lie within the stream are given the time to pass.
  const graceMs = Math.max(0, ...patterns.map((pattern) => pattern.graceMs));
  take(correlator.advance(latest + graceMs + 1));
  const seconds = (performance.now() - start) / 1000;
  return {
    alerts: [...alerts.values()],
    withdrawn,
    seconds,
    descriptions: index.size,
    tokenTableBytes: table.bytes,
    children: countChildren(new Set(notices.map(({ tokens }) => index.admit(tokens)))),
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
