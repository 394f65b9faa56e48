/** The policy folder that a command is about: given, `./policies`, or the gateway's own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayFolder } from './gateway-folder.ts';

export const policyDirArgument = [
  '[dir]',
  "a policy folder or a gateway's folder (default: ./policies, or the gateway's)",
] as const;

/** A gateway's folder stands for the policies in it. */
export function policyFolder(
  given: string | undefined,
  flags: { readonly dir?: string },
  env: NodeJS.ProcessEnv,
): string {
  const named = given ?? flags.dir;
  if (named !== undefined) return existsSync(join(named, 'gateway.yaml')) ? join(named, 'policies') : named;
  const here = 'policies';
  if ((env.CAUSEWAY_GATEWAY ?? '') === '' && existsSync(join(here, 'agencies.yaml'))) return here;
  return join(gatewayFolder(undefined, env), 'policies');
}
