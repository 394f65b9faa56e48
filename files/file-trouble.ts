/** What keeps a file or a folder from being read or written, in words. */
import { CausewayError } from '../protocol/errors.ts';
import { sqliteErrorOf, sqliteErrors } from './sqlite-error.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk takes no changes',
  ENOSPC: 'the disk is full',
  EDQUOT: 'this user may fill no more of the disk',
  EFBIG: 'it may not become larger',
  EIO: 'the disk fails',
  EEXIST: 'something is there already',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EBUSY: 'it is in use, or a disk of its own: name a folder within it',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead in a circle',
};
/** What writing to an open file fails with: the system names no path then. */
const pathless = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO']);

/** The system's code. SQLite has one of its own for a disk that is full. */
function codeOf(error: NodeJS.ErrnoException): string | undefined {
  return sqliteErrorOf(error) === sqliteErrors.full ? 'ENOSPC' : error.code;
}

/** Linux says of a place that takes no folders, such as `/proc`, that it is not there. */
function reasonOf(error: NodeJS.ErrnoException): string | undefined {
  const [code = '', syscall] = [codeOf(error), error.syscall];
  return code === 'ENOENT' && syscall === 'mkdir' ? 'no folder can be made there' : reasons[code];
}

/**
 * The end of a sentence that says that something cannot be read or written: `: permission denied`, or ` (ECODE)`.
 * @param known words that fit better in this place
 */
export function fileReason(error: unknown, known: Readonly<Record<string, string>> = {}): string {
  const code = codeOf(error as NodeJS.ErrnoException);
  if (typeof code !== 'string') return '';
  const words = known[code] ?? reasonOf(error as NodeJS.ErrnoException);
  return words === undefined ? ` (${code})` : `: ${words}`;
}

/**
 * An error of the file system as one that crosses boundaries.
 * @param what the beginning of its sentence; otherwise the path that the system names
 * @returns undefined for any other error
 */
export function fileTrouble(error: unknown, what?: string): CausewayError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { path } = error as NodeJS.ErrnoException;
  const isAboutFile = path !== undefined || pathless.has(codeOf(error) ?? '');
  if (reasonOf(error) === undefined || !isAboutFile) return undefined;
  const detail = `${what ?? `${path ?? 'A file'} cannot be used`}${fileReason(error)}.`;
  return new CausewayError('file-unavailable', { detail, cause: error });
}
