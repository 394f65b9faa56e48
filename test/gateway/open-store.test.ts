import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createSandbox } from '../../bin/sandbox.ts';
import { openStore } from '../../gateway/open-store.ts';

it('does not open a store with another audit key, which would take every body for erased, and tells a lost secret apart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-open-store-'));
  try {
    const home = await createSandbox(dir);
    const other = { ...home.storeKeys, auditKey: randomBytes(32) };
    // A store without leaves was written with no key yet.
    await (await openStore(home.store, other)).close();
    const store = await openStore(home.store, home.storeKeys);
    await store.appendRecords([{ kind: 'policy.applied' }]);
    await store.close();
    await expect(openStore(home.store, other)).rejects.toMatchObject({
      code: 'home-invalid',
      detail: expect.stringContaining('audit.key is not the one') as string,
    });
    const again = await openStore(home.store, home.storeKeys);
    expect(await again.readLeaves(0, 1)).toMatchObject([
      { erased: false, entry: { kind: 'policy.applied' } },
    ]);
    await again.close();
    const edited = new DatabaseSync(home.store);
    edited.exec('DELETE FROM case_secret');
    edited.close();
    await expect(openStore(home.store, home.storeKeys)).rejects.toMatchObject({
      code: 'store-damaged',
      detail: expect.stringMatching(/^The secret that opens .* is gone/) as string,
    });
  } finally {
    await rm(dir, { recursive: true });
  }
});
