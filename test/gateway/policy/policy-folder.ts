/** A copy of the real policy folder that a test may spoil. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { CausewayError } from '../../../protocol/errors.ts';

export const policiesDir = join(import.meta.dirname, '../../../policies');

export type PolicyFolder = AsyncDisposable & {
  readonly dir: string;
  readonly read: (file: string) => Promise<string>;
  readonly write: (file: string, content: string | Uint8Array) => Promise<void>;
  /** Replaces the first occurrence, which must exist. */
  readonly replace: (file: string, from: string, to: string) => Promise<void>;
};

export async function copyPolicies(options: { isBare?: boolean } = {}): Promise<PolicyFolder> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-policies-'));
  if (options.isBare === true) await barePolicies(dir);
  else await cp(policiesDir, dir, { recursive: true });
  const read = (file: string): Promise<string> => readFile(join(dir, file), 'utf8');
  const write = (file: string, content: string | Uint8Array): Promise<void> =>
    writeFile(join(dir, file), content);
  return {
    dir,
    read,
    write,
    replace: async (file, from, to) => {
      const text = await read(file);
      expect(text).toContain(from);
      await write(
        file,
        text.replace(from, () => to),
      );
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Copies the policies with one data set: most of a load goes into compiling the others. @returns the folder */
export async function barePolicies(dir: string): Promise<string> {
  const datasets = join(policiesDir, 'datasets/');
  const kept = join(datasets, 'information-reply');
  const isKept = (path: string): boolean => !path.startsWith(datasets) || path.startsWith(kept);
  await cp(policiesDir, dir, { recursive: true, filter: isKept });
  const categories = join(dir, 'categories.yaml');
  const text = await readFile(categories, 'utf8');
  await writeFile(
    categories,
    text.replaceAll(/^( +datasets:).*$/gm, '$1 []').replaceAll(/^ +free-text:.*\n/gm, ''),
  );
  return dir;
}

/** The problems of a folder that must not load, as `file:line:column message`. */
export async function problemsOf(dir: string): Promise<string[]> {
  const error: unknown = await loadPolicySet(dir).catch((reason: unknown) => reason);
  if (!(error instanceof CausewayError))
    throw new Error('The folder loaded, or failed in another way.', { cause: error });
  expect(error.code).toBe('policy-invalid');
  return error.problems.map(({ at, line, column, message }) => {
    const place = [at, line, column].filter((part) => part !== undefined).join(':');
    return `${place} ${message}`;
  });
}

/** The line on which a text stands in a file, from 1. */
export function lineOf(text: string, needle: string): number {
  const lines = text.split('\n');
  return lines.findIndex((line) => line.includes(needle)) + 1;
}
