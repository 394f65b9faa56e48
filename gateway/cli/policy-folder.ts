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

/** An agreement that is shown, and whose it is where nobody named it. */
export type ShownAgreement = { readonly dir: string; readonly owner: string | undefined };

/**
 * The agreement to show: given, or that of the gateway here, before a `./policies` that may be another's.
 * @throws CausewayError `usage-invalid` when there is none
 */
export function agreementToShow(
  given: string | undefined,
  flags: { readonly dir?: string },
  env: NodeJS.ProcessEnv,
): ShownAgreement {
  const example = 'causeway policy show ./policies';
  const gateway = gatewayFolder(undefined, env);
  if (given !== undefined || flags.dir !== undefined || (env.CAUSEWAY_GATEWAY ?? '') !== '')
    return { dir: policyFolder(given, flags, env, example), owner: undefined };
  if (existsSync(join(gateway, 'gateway.yaml')))
    return { dir: policyFolder(gateway, flags, env, example), owner: `of the gateway in ${gateway}` };
  if ((env.CAUSEWAY_HOME ?? '') !== '') throw usageError(notOfEndpoint);
  return {
    dir: policyFolder(given, flags, env, example),
    owner: 'of this folder, which a gateway need not have: name its own with --dir',
  };
}

const notOfEndpoint =
  'The sharing agreement is the gateway’s: the home of an endpoint has only its data sets (causeway dataset list). ' +
  'Ask the operator of the gateway for a copy of its policies, and name that: causeway policy show FOLDER';

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
