/** The policy folder that a command is about: given, `./policies`, or the gateway's own. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../../terminal/input.ts';
import { gatewayFolder } from './gateway-folder.ts';

export const policyDirArgument = [
  '[dir]',
  "a policy folder or a gateway's folder (default: ./policies, or the gateway's)",
] as const;

/**
 * A gateway's folder stands for the policies in it.
 * @param example a command line that would do, for whoever names a folder that is not there
 * @throws CausewayError `usage-invalid` when there is none
 */
export function policyFolder(
  given: string | undefined,
  flags: { readonly dir?: string },
  env: NodeJS.ProcessEnv,
  example = 'causeway policy check ./policies',
): string {
  const named = given ?? flags.dir;
  if (named !== undefined) {
    return existing(existsSync(join(named, 'gateway.yaml')) ? join(named, 'policies') : named, example);
  }
  const here = 'policies';
  if ((env.CAUSEWAY_GATEWAY ?? '') === '' && existsSync(join(here, 'agencies.yaml'))) return here;
  return existing(join(gatewayFolder(undefined, env), 'policies'), example);
}

/** True for a folder that is there. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** @throws CausewayError `usage-invalid` */
function existing(dir: string, example: string): string {
  if (isFolder(dir)) return dir;
  throw usageError(
    `There is no folder ${dir}. Name a policy folder or a gateway's folder, such as: ${example}`,
  );
}
