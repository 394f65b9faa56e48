import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadPatterns } from '../../../gateway/correlator/patterns/load.ts';
import { runInProcess } from '../../cli/run-in-process.ts';

it('a name in a pattern folder that is no file that can be read is a problem in words', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    await mkdir(join(dir, 'folder.yaml'));
    await symlink('nowhere', join(dir, 'link.yaml'));
    await expect(loadPatterns(dir, { form: 'sigma' })).rejects.toMatchObject({
      code: 'policy-invalid',
      problems: [
        { at: 'folder.yaml', message: 'is a folder; only a file may have a name with this ending' },
        {
          at: 'link.yaml',
          message: 'cannot be read: it has gone, or is a link to a file that is not there',
        },
      ],
    });
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('a rule that a pattern names is counted beside the pattern', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-patterns-'));
  try {
    const few = 'type: event_count, timespan: 1d, condition: { gte: 1 }';
    await writeFile(
      join(dir, 'one.yaml'),
      'name: seen\ndetection: { sight: { category: concern }, condition: sight }\n---\n' +
        `title: Inner\nname: inner\ncorrelation: { ${few}, rules: [seen] }\n---\n` +
        'title: Outer\ncorrelation: { type: temporal, timespan: 1d, rules: [inner] }\n',
    );
    await expect(loadPatterns(dir, { form: 'sigma' })).resolves.toMatchObject({
      patterns: [{ title: 'Outer' }],
      supporting: 2,
    });
    const policies = fileURLToPath(new URL('../../../policies', import.meta.url));
    const { stdout } = await runInProcess(['pattern', 'check', dir, '--sigma', '--policies', policies]);
    expect(stdout).toContain('1 pattern, 2 supporting rules, 0 fixtures');
  } finally {
    await rm(dir, { recursive: true });
  }
});
