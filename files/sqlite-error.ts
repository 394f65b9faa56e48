/** The primary result code of an error thrown by `node:sqlite`, https://sqlite.org/rescode.html; undefined for other errors. */
export function sqliteErrorOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
