/** Evidence against the log, in files of the home that stand without this program. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder of evidence in a home. */
export const evidenceFolder = 'log-evidence';

/**
 * Writes evidence down; it is durable when this resolves. Nothing in it is secret, and none of it is content.
 * @returns the file
 */
export async function writeEvidence(
  home: string,
  kind: string,
  foundAt: number,
  facts: Record<string, unknown>,
): Promise<string> {
  const folder = join(home, evidenceFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stamp = new Date(foundAt).toISOString().replaceAll(':', '');
  const path = join(folder, `${stamp}-${kind}-${randomBytes(4).toString('hex')}.json`);
  const file = await open(`${path}.partial`, 'wx', 0o600);
  try {
    await file.writeFile(
      `${JSON.stringify({ kind, foundAt: new Date(foundAt).toISOString(), ...facts }, null, 2)}\n`,
    );
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.partial`, path);
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
  return path;
}
