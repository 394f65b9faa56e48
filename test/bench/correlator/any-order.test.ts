import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { replay, tokenise } from '../../../bench/correlator/replay.ts';
import { Seeded } from '../../../bench/seeded.ts';
import { generateStream } from '../../../bench/stream/generate.ts';
import { alertKey } from '../../../gateway/correlator/alert.ts';
import { loadPatterns } from '../../../gateway/correlator/patterns/load.ts';
import { wordsOf } from '../../../gateway/correlator/patterns/words.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { policiesDir } from '../../gateway/policy/policy-folder.ts';

// Four replays, three of them with every history told again and again.
vi.setConfig({ testTimeout: 120_000 });

it('linked by tokens, with late notices, twins and mere possibilities, any order ends with the same alerts', async () => {
  const policy = await loadPolicySet(policiesDir);
  const set = await loadPatterns(join(policiesDir, 'patterns'), {
    form: 'committee',
    words: wordsOf(policy),
  });
  // Every pattern takes what is merely possible, so that no kind of tie is left out.
  const patterns = set.patterns.map((pattern) => ({ ...pattern, link: 'possible' as const }));
  const options = { children: 400, days: 365, episodes: 2, nearMisses: 1, seed: 12 };
  const notices = tokenise(generateStream(set, policy, options).lines, policy);
  const inOrder = replay(notices, patterns);
  const keysOf = ({ alerts }: typeof inOrder): string[] => alerts.map(alertKey).sort();
  expect(new Set(inOrder.alerts.map(({ tier }) => tier))).toEqual(new Set(['same', 'possible']));
  for (const order of [
    notices.toReversed(),
    new Seeded(1).shuffle(notices),
    new Seeded(2).shuffle(notices),
  ]) {
    const other = replay(order, patterns);
    expect(other.withdrawn).toBeGreaterThan(0);
    expect(keysOf(other)).toEqual(keysOf(inOrder));
  }
});
