/** How a benchmark takes what it is given: what is wrong with that is one plain line on stderr, and exit code 2. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

const wrongUsage = 2;

/** `parseArgs` of the process's own arguments. */
export function readCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    return endUsage(lineOf(error));
  }
}

/** Reads or writes what the command line names, such as a file. */
export async function takeNamed<T>(take: () => T | Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (error) {
    return endUsage(lineOf(error));
  }
}

/** Says what is wrong with what was given, and ends the process. */
export function endUsage(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(wrongUsage);
}

function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  if (path !== undefined) return `${path}: ${reasons[code ?? ''] ?? code ?? error.message}`;
  return error.message.replace(/\s*\n\s*/gu, ' ');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};
