/**
 * Stands beside a file whose store was moved. The log goes on where it was moved to: whoever opened the file again, as a
 * service manager does that restarts a gateway with its old settings, would add leaves that fork it.
 *
 * A line each: when, the name of the database, the members of its set. The last two are not in marks of before.
 */
import { existsSync, readFileSync } from 'node:fs';
import { CausewayError } from '../../protocol/errors.ts';
import { replaceFile } from '../../files/durable-file.ts';
import { withoutLinks } from './path-lock.ts';

export type MovedTo = { readonly database: string; readonly hosts: readonly string[] };

/** @param at ms since 1970 */
export async function markMoved(file: string, at: number, { database, hosts }: MovedTo): Promise<void> {
  await replaceFile(markOf(file), `${new Date(at).toISOString()}\n${database}\n${hosts.join(',')}\n`);
}

/** @throws CausewayError `configuration-invalid` where the store in this file was moved */
export function refuseMoved(file: string): void {
  const moved = readMark(file);
  if (moved === undefined) return;
  const detail =
    `The store in ${file} was moved to ${moved.where} on ${moved.at}, and its log goes on there: name that database as ` +
    '`store` in gateway.yaml. Where its gateways say that the move was not ended, give `causeway store migrate` again. ' +
    `Only where it was given up before any gateway ran on it may ${markOf(file)} be removed.`;
  throw new CausewayError('configuration-invalid', { detail });
}

/**
 * The members of a set may change: one that is still there is enough.
 * @throws CausewayError `store-not-moved` where the store in this file was moved to another place
 */
export function refuseOtherPlace(file: string, { database, hosts }: MovedTo): void {
  const moved = readMark(file);
  if (moved?.to === undefined) return;
  const { to, where, at } = moved;
  if (to.database === database && to.hosts.some((host) => hosts.includes(host))) return;
  const detail =
    `The store in ${file} was moved to ${where} on ${at}, or all but the last step, and its log goes on there. Nothing was ` +
    'written elsewhere: two continuations of one log are a fork. Only where that database was given up before any gateway ' +
    `ran on it, drop it, remove ${markOf(file)}, and move again.`;
  throw new CausewayError('store-not-moved', { detail });
}

type Mark = { readonly at: string; readonly where: string; readonly to: MovedTo | undefined };

function readMark(file: string): Mark | undefined {
  const mark = markOf(file);
  if (!existsSync(mark)) return undefined;
  const [at = '', database, hosts] = readFileSync(mark, 'utf8').trim().split('\n');
  if (database === undefined || hosts === undefined) return { at, where: 'a database', to: undefined };
  const where = `the database ${database} at ${hosts}`;
  return { at, where, to: { database, hosts: hosts.split(',') } };
}

function markOf(file: string): string {
  return `${withoutLinks(file)}.moved`;
}
