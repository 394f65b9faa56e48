/** How the person at the keyboard calls this program, for the commands that it proposes. */
import { basename } from 'node:path';

/**
 * `npx causeway` where npm started it or its file was run by Node, as in the project's folder, where no `causeway` is on
 * the PATH; `causeway` where it was started under that name.
 * @param script the file that Node runs, as it was named
 */
export function commandName(env: NodeJS.ProcessEnv, script = process.argv[1] ?? ''): string {
  const isByNpm = (env.npm_command ?? '') !== '';
  return isByNpm || basename(script) === 'causeway.mjs' ? 'npx causeway' : 'causeway';
}
