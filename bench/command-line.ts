/** How a benchmark takes what it is given: what is wrong with that is one plain line on stderr, and exit code 2. */
import { basename } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';

const wrongUsage = 2;

/** `parseArgs` of the process's own arguments; `--help` shows the options and ends the process. */
export function readCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(`${usageOf(config)}\n`);
    process.exit(0);
  }
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

function usageOf({ options = {}, allowPositionals = false }: ParseArgsConfig): string {
  const shown = Object.entries(options).map(([name, { type, default: value }]) => {
    const given = typeof value === 'string' ? value : name.toUpperCase();
    return type === 'boolean' ? `[--${name}]` : `[--${name} ${given}]`;
  });
  const files = allowPositionals ? ['FILE …'] : [];
  return ['usage: node', `bench/${basename(process.argv[1] ?? '')}`, ...files, ...shown].join(' ');
}

function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What the system refused says it in plainer words than what was made of it.
  const { code, path } = (error.cause ?? error) as NodeJS.ErrnoException;
  if (path !== undefined) return `${path}: ${reasons[code ?? ''] ?? code ?? error.message}`;
  return error.message.replace(/\s*\n\s*/gu, ' ');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EEXIST: 'it is there, and no folder',
};

/** Tells on stderr what is strange about the input and does not stop the bench. */
export function warn(words: string): void {
  process.stderr.write(`look again: ${words}\n`);
}
