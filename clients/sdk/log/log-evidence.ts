/** Evidence against the log, in files of the home that stand without this program. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { replaceFile } from '../../../files/durable-file.ts';
import { makeFolder } from '../../../files/make-folder.ts';

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
  await makeFolder(folder, 0o700);
  const stamp = new Date(foundAt).toISOString().replaceAll(':', '');
  const path = join(folder, `${stamp}-${kind}-${randomBytes(4).toString('hex')}.json`);
  await replaceFile(
    path,
    `${JSON.stringify({ kind, foundAt: new Date(foundAt).toISOString(), ...facts }, null, 2)}\n`,
  );
  return path;
}
