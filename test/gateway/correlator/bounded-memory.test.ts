import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EndlessStream } from '../../../bench/stream/endless.ts';
import { Correlator } from '../../../gateway/correlator/correlator.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { MemoryTokenTable } from '../../../gateway/correlator/token-table.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { patternsOf } from './pattern-text.ts';

it('holds no more after thirty horizons than after three', async () => {
  const policy = await loadPolicySet(join(import.meta.dirname, '../../../policies'));
  const patterns = patternsOf({
    'one.yaml':
      'title: T\ncorrelation: { type: event_count, rules: [a], timespan: 30d, condition: { gte: 2 } }\n',
  });
  const stream = new EndlessStream({ children: 30, noticesPerDay: 2, seed: 5 }, policy);
  const table = new MemoryTokenTable();
  const index = new LinkIndex(table);
  const correlator = new Correlator(patterns, index);
  const heldAfter = (days: number) => {
    for (const { event, tokens } of stream.take(2 * days)) {
      correlator.add(event, packTokens(tokens));
      correlator.sweep();
    }
    return { ...correlator.size, descriptions: index.size, tableBytes: table.bytes };
  };
  // The horizon is the span and the lateness allowed for: 90 days.
  const early = heldAfter(270);
  const late = heldAfter(2700);
  expect(early.notices).toBeGreaterThan(150);
  expect(late.notices).toBeLessThanOrEqual(182);
  expect(late.descriptions).toBe(late.records);
  expect(late.records).toBeLessThan(1.3 * early.records);
  expect(late.tableBytes).toBeLessThanOrEqual(2 * early.tableBytes);
});
