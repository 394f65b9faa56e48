/** Adds a partner to the sharing agreement without disturbing what people wrote in the file. */
import { join } from 'node:path';
import { isMap, type Document } from 'yaml';
import type { z } from 'zod';
import { CausewayError, type Problem } from '../../protocol/errors.ts';
import { changeAlone } from '../../files/change-alone.ts';
import { replaceFile } from '../../files/durable-file.ts';
import { agencySchema, type Agency } from './agencies.ts';
import { buildPolicyParts, invalid } from './load.ts';
import { readPolicyFiles } from './policy-files.ts';
import { parseYaml } from '../../files/yaml-source.ts';

const fileName = 'agencies.yaml';
/** To check the whole folder may take each of those who wait a second or two. */
const patienceMs = 10_000;

/**
 * Does some work while nobody else adds an agency: of two who read the file and put it back, one would undo the other.
 * @throws CausewayError `file-in-use` where somebody else takes too long
 */
export async function changeAgenciesAlone<T>(dir: string, work: () => Promise<T>): Promise<T> {
  return changeAlone(join(dir, fileName), work, patienceMs);
}

/**
 * Appends the agency to `agencies.yaml`, keeping comments and order. The folder with the new entry is validated
 * whole before the file is replaced, atomically, so a reader sees the old agreement or the new one. Within
 * {@link changeAgenciesAlone}.
 * @throws CausewayError `policy-invalid` when the agency is there already, or the folder would not be sound
 */
export async function addAgency(dir: string, agency: Agency): Promise<void> {
  const entry = parseAgency(agency);
  const problems: Problem[] = [];
  const files = await readPolicyFiles(dir, problems);
  const text = files.get(fileName)?.toString('utf8');
  const source = text === undefined ? undefined : parseYaml(fileName, text, problems);
  if (source === undefined) {
    if (problems.length === 0) problems.push({ at: fileName, message: 'this file is missing' });
    throw invalid(dir, problems);
  }
  if (source.document.hasIn(['agencies', entry.id])) {
    const place = source.positionOf(['agencies', entry.id]);
    const message = `the agency \`${entry.id}\` is there already`;
    throw invalid(dir, [{ at: fileName, ...place, message }]);
  }
  appendEntry(source.document, entry);
  const bytes = Buffer.from(source.document.toString({ lineWidth: 0, flowCollectionPadding: false }), 'utf8');
  buildPolicyParts(new Map([...files, [fileName, bytes]]), problems);
  if (problems.length > 0) throw invalid(dir, problems);
  await replaceFile(join(dir, fileName), bytes, 0o644);
}

function parseAgency(agency: Agency): z.infer<typeof agencySchema> {
  const result = agencySchema.safeParse(agency);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => ({
    at: `/${path.map(String).join('/')}`,
    message,
  }));
  const detail = problems.map(({ at, message }) => `${at}: ${message}`).join('; ');
  throw new CausewayError('policy-invalid', {
    problems,
    detail: `The agency is not described well: ${detail}.`,
  });
}

function appendEntry(document: Document, { id, ...entry }: z.infer<typeof agencySchema>): void {
  const node = document.createNode(entry);
  for (const list of ['areas', 'roles']) {
    const value: unknown = node.get(list, true);
    if (typeof value === 'object' && value !== null) Object.assign(value, { flow: true });
  }
  const agencies: unknown = document.get('agencies', true);
  if (isMap(agencies)) {
    agencies.flow = false;
    agencies.set(document.createNode(id), node);
  } else {
    document.set('agencies', { [id]: node });
  }
}
