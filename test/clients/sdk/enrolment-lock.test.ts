import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enrolAlone } from '../../../clients/sdk/enrolment-lock.ts';

const takeOnFullDisk = (): never => {
  throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
};

test('an enrolment for which the disk has no room says so', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-enrolling-'));
  const home = join(dir, 'home');
  await expect(enrolAlone(home, () => Promise.resolve(), takeOnFullDisk)).rejects.toMatchObject({
    code: 'file-unavailable',
    detail: `No home can be made in ${home}: the disk is full.`,
  });
  rmSync(dir, { recursive: true });
});
