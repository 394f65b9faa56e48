/** The endpoint that a command is about: its home folder. */
import { usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';

export type HomeFlags = { readonly home?: string };

export const homeOption = ['--home <dir>', "the endpoint's home folder (default: $CAUSEWAY_HOME)"] as const;

/** The home that the caller means. @throws CausewayError `usage-invalid` */
export function homeFolder({ home }: HomeFlags, terminal: Terminal): string {
  const dir = home ?? terminal.env.CAUSEWAY_HOME ?? '';
  if (dir === '') throw usageError('Name the home of the endpoint with --home DIR, or set $CAUSEWAY_HOME.');
  return dir;
}
