import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { markMoved, refuseMoved } from '../../../gateway/store/moved-mark.ts';
import { openStore } from '../../../gateway/open-store.ts';
import { auditKey, noon } from './synthetic-messages.ts';

it('a store that was moved is opened by nobody, by whatever name, until its mark is removed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-moved-'));
  try {
    const file = join(dir, 'causeway.db');
    await writeFile(file, '');
    await symlink(file, join(dir, 'link.db'));
    await refuseMoved(file);
    await markMoved(file, noon);
    const refused = { code: 'configuration-invalid', detail: /was moved .* 2026-11-23T12:00:00\.000Z/ };
    for (const name of [file, join(dir, 'link.db')]) {
      await expect(openStore(name, { receiptKeyPem: '', auditKey })).rejects.toMatchObject({
        code: refused.code,
        detail: expect.stringMatching(refused.detail) as string,
      });
    }
    await rm(`${file}.moved`);
    await refuseMoved(file);
  } finally {
    await rm(dir, { recursive: true });
  }
});
