/** The policy folder that a command is about: given, `./policies`, or the gateway's own. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../../terminal/input.ts';
import { gatewayFolder } from './gateway-folder.ts';

export const policyDirArgument = [
  '[dir]',
  "a policy folder or a gateway's folder (default: ./policies, or the gateway's)",
] as const;

/** A gateway's folder stands for the policies in it. @throws CausewayError `usage-invalid` when there is none */
export function policyFolder(
  given: string | undefined,
  flags: { readonly dir?: string },
  env: NodeJS.ProcessEnv,
): string {
  const named = given ?? flags.dir;
  if (named !== undefined) {
    return existing(existsSync(join(named, 'gateway.yaml')) ? join(named, 'policies') : named);
  }
  const here = 'policies';
  if ((env.CAUSEWAY_GATEWAY ?? '') === '' && existsSync(join(here, 'agencies.yaml'))) return here;
  return existing(join(gatewayFolder(undefined, env), 'policies'));
}

/** @throws CausewayError `usage-invalid` */
function existing(dir: string): string {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return dir;
  throw usageError(
    `There is no folder ${dir}. Name a policy folder or a gateway's folder, such as: causeway policy check ./policies`,
  );
}
