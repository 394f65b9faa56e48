import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { compareAll, tableMarks, tableOf, type Compared } from '../../../bench/correlator/comparison.ts';
import { writeBetween } from '../../../bench/write-between.ts';
import { generateStream } from '../../../bench/stream/generate.ts';
import { loadPatterns } from '../../../gateway/correlator/patterns/load.ts';
import { wordsOf } from '../../../gateway/correlator/patterns/words.ts';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { policiesDir } from '../../gateway/policy/policy-folder.ts';

// Many replays, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const options = { children: 2_500, days: 365, episodes: 4, nearMisses: 1, seed: 3 };

async function compare(): Promise<{ rows: readonly Compared[]; of: (name: string) => Compared }> {
  const policy = await loadPolicySet(policiesDir);
  const set = await loadPatterns(join(policiesDir, 'patterns'), {
    form: 'committee',
    words: wordsOf(policy),
  });
  const rows = compareAll(generateStream(set, policy, options), set.patterns, policy);
  return { rows, of: (name) => rows.find((row) => row.name === name)! };
}

describe('the shipped patterns beside simpler ways of noticing', () => {
  it('find more at fewer false alerts, and nothing in a near-miss', async () => {
    const { rows, of } = await compare();
    const ours = of('Causeway');
    expect(ours.f1).toBeGreaterThan(0.97);
    expect(ours.onNearMisses).toBe(0);
    expect(rows).toHaveLength(6);
    for (const other of rows.slice(1)) expect(ours.f1, other.name).toBeGreaterThan(other.f1);
    // An identifier adds to name and date, and is too rare to do alone.
    expect(of('exact name and date, or id').f1).toBeGreaterThan(of('exact name and date').f1);
    expect(of('id-only linkage').f1).toBeLessThan(of('exact name and date').f1);
  });
});

describe('the table', () => {
  const row: Compared = {
    name: 'Causeway',
    alerts: 3,
    precision: 1,
    recall: 0.5,
    f1: 0.6667,
    falseAlerts: 0,
    onNearMisses: 0,
    secondsToAlert: { p50: 0, p95: 5_400 },
  };

  it('goes between its marks and leaves the rest of the document alone', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'causeway-table-'));
    try {
      const file = join(dir, 'patterns.md');
      await writeFile(
        file,
        'Before.\n\n<!-- comparison -->\n\nold\n\n<!-- end of comparison -->\n\nAfter.\n',
      );
      await writeBetween(file, tableMarks, tableOf([row]));
      const text = await readFile(file, 'utf8');
      expect(text).toMatch(/^Before\.\n\n<!-- comparison -->\n\n\| Noticed by/);
      expect(text).toContain('1.5 h');
      expect(text).toMatch(/<!-- end of comparison -->\n\nAfter\.\n$/);
      expect(text).not.toContain('old');
      await writeFile(file, 'No marks.\n');
      await expect(writeBetween(file, tableMarks, tableOf([row]))).rejects.toThrow('lacks its marks');
      expect(await readFile(file, 'utf8')).toBe('No marks.\n');
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
