/**
 * The policy folder as bytes: which files it may hold, and one digest over all of them.
 *
 *   agencies.yaml  categories.yaml  purposes.yaml  alerts.yaml  retention.yaml  schema.cedarschema  README.md
 *   sharing/NAME.cedar  datasets/NAME/VERSION.json  patterns/NAME.yaml
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileReason } from '../../files/file-trouble.ts';
import { CausewayError, type Problem } from '../../protocol/errors.ts';
import type { Digest } from '../../protocol/ids.ts';

/** Path within the folder, with `/` between its parts → the file's bytes. Sorted by path. */
export type PolicyFiles = ReadonlyMap<string, Buffer>;

const allowedPaths = [
  /^(?:agencies|alerts|categories|purposes|retention)\.yaml$/,
  /^schema\.cedarschema$/,
  /^README\.md$/,
  /^sharing\/[a-z0-9-]+\.cedar$/,
  /^patterns\/[a-z0-9-]{1,63}\.yaml$/,
  /^datasets\/[a-z0-9-]{1,63}\/\d{1,4}(?:\.\d{1,4}){0,2}\.json$/,
];
const maxFileBytes = 1024 * 1024;
const maxFiles = 1000;
const maxDepth = 3;

/**
 * Reads every file of the folder; names that begin with a dot or end with `~` are passed over.
 * A file that has no business there is a problem: a misspelt ending must not make a rule vanish.
 * @throws CausewayError `policy-invalid` when the folder cannot be read
 */
export async function readPolicyFiles(dir: string, problems: Problem[]): Promise<PolicyFiles> {
  const files = new Map<string, Buffer>();
  for (const found of await listFiles(dir)) {
    const { path } = found;
    const problem = await addFile(files, dir, found);
    if (problem !== undefined) problems.push({ at: path, message: problem });
  }
  return files;
}

/** What stands at a path; a folder only where it has no business there. */
type Found = { readonly path: string; readonly isFile: boolean };

async function addFile(
  files: Map<string, Buffer>,
  dir: string,
  { path, isFile }: Found,
): Promise<string | undefined> {
  if (!isAllowed(path)) {
    return 'this file has no meaning here; a policy folder holds agencies.yaml, categories.yaml, purposes.yaml, alerts.yaml, retention.yaml, schema.cedarschema, sharing/NAME.cedar, datasets/NAME/VERSION.json, patterns/NAME.yaml and README.md';
  }
  // A pipe would be waited for without end.
  if (!isFile) return 'is not a file';
  const bytes = await readFile(join(dir, path));
  if (bytes.byteLength > maxFileBytes) return `is larger than ${maxFileBytes} bytes`;
  if (!isUtf8(bytes)) return 'is not text in UTF-8';
  files.set(path, bytes);
  return undefined;
}

function isAllowed(path: string): boolean {
  return allowedPaths.some((allowed) => allowed.test(path));
}

async function listFiles(dir: string): Promise<Found[]> {
  const found: Found[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const name of await readdir(join(dir, folder))) {
      if (name.startsWith('.') || name.endsWith('~')) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      // stat, not lstat: orchestrators mount configuration as symbolic links.
      const kind = await stat(join(dir, path));
      if (kind.isDirectory() && depth < maxDepth && !isAllowed(path)) await visit(path, depth + 1);
      else found.push({ path, isFile: kind.isFile() });
      if (found.length > maxFiles) throw new RangeError(`it holds more than ${maxFiles} files.`);
    }
  };
  try {
    await visit('', 1);
  } catch (cause) {
    const reason =
      cause instanceof RangeError
        ? `: ${cause.message}`
        : `${fileReason(cause, { ENOENT: 'it is not there', ENOTDIR: 'it is no folder' })}.`;
    throw new CausewayError('policy-invalid', {
      detail: `The folder ${dir} cannot be read${reason}`,
      cause,
    });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * SHA-256 in base64url over every file: each path and each content with its length before it,
 * in the order of the paths. Any changed byte, name, addition or removal gives another digest.
 */
export function digestPolicyFiles(files: PolicyFiles): Digest {
  const hash = createHash('sha256').update('causeway/v1/policies\0');
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, bytes] of sorted) {
    const name = Buffer.from(path, 'utf8');
    hash.update(uint32(name.byteLength)).update(name).update(uint32(bytes.byteLength)).update(bytes);
  }
  return hash.digest('base64url') as Digest;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
