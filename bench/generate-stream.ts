/**
 * Writes a synthetic stream of notices with its truth.
 *
 *   npm run bench:stream -- --out DIR [--children 20000] [--days 730] [--episodes 100] [--near-misses 10] [--seed 1]
 *     [--patterns DIR]
 *
 * `events.ndjson` and `truth.json` are what `npm run bench:correlator` reads; `near-misses.json` names the notices of
 * each planted near-miss.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPatterns, type PatternSet } from '../gateway/correlator/patterns/load.ts';
import { wordsOf } from '../gateway/correlator/patterns/words.ts';
import { loadPolicySet } from '../gateway/policy/load.ts';
import type { PolicySet } from '../gateway/policy/policy-set.ts';
import { endUsage, readCommandLine, takeNamed } from './command-line.ts';
import { count, countOrNone, readNumber, seed } from './read-number.ts';
import { generateStream, streamDefaults } from './stream/generate.ts';
import { TooFewChildrenError } from './stream/notice-maker.ts';

const { values } = readCommandLine({
  options: {
    out: { type: 'string' },
    children: { type: 'string', default: String(streamDefaults.children) },
    days: { type: 'string', default: String(streamDefaults.days) },
    episodes: { type: 'string', default: String(streamDefaults.episodes) },
    'near-misses': { type: 'string', default: String(streamDefaults.nearMisses) },
    seed: { type: 'string', default: String(streamDefaults.seed) },
    patterns: { type: 'string' },
  },
});
const options = {
  children: readNumber('children', values.children, count),
  days: readNumber('days', values.days, count),
  episodes: readNumber('episodes', values.episodes, countOrNone),
  nearMisses: readNumber('near-misses', values['near-misses'], countOrNone),
  seed: readNumber('seed', values.seed, seed),
};
const policyDir = new URL('../policies', import.meta.url).pathname;

async function generate(out: string): Promise<void> {
  const policy = await loadPolicySet(policyDir);
  const set =
    values.patterns === undefined
      ? await loadPatterns(`${policyDir}/patterns`, { form: 'committee', words: wordsOf(policy) })
      : await takeNamed(() => loadPatterns(values.patterns ?? '', { form: 'sigma' }));
  const { lines, truth, nearMisses, childrenWithNotices } = generateOrEnd(set, policy);
  await takeNamed(() => {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'events.ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    writeFileSync(join(out, 'truth.json'), JSON.stringify(truth, null, 1));
    writeFileSync(join(out, 'near-misses.json'), JSON.stringify(nearMisses, null, 1));
  });
  process.stdout.write(
    `${JSON.stringify({ out, events: lines.length, childrenWithNotices, episodes: truth.length, nearMisses: nearMisses.length })}\n`,
  );
}

function generateOrEnd(set: PatternSet, policy: PolicySet): ReturnType<typeof generateStream> {
  try {
    return generateStream(set, policy, options);
  } catch (error) {
    if (error instanceof TooFewChildrenError) return endUsage(error.message);
    throw error;
  }
}

if (values.out === undefined) {
  endUsage('usage: npm run bench:stream -- --out DIR [--children N] [--days N] [--episodes N] [--seed N]');
}
await generate(values.out);
