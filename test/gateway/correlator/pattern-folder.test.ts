import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadPatterns } from '../../../gateway/correlator/patterns/load.ts';

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
