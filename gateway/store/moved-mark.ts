/**
 * Stands beside a file whose store was moved. The log goes on where it was moved to: whoever opened the file again, as a
 * service manager does that restarts a gateway with its old settings, would add leaves that fork it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { CausewayError } from '../../protocol/errors.ts';
import { replaceFile } from '../../files/durable-file.ts';
import { withoutLinks } from './path-lock.ts';

/** @param at ms since 1970 */
export async function markMoved(file: string, at: number): Promise<void> {
  await replaceFile(markOf(file), `${new Date(at).toISOString()}\n`);
}

/** @throws CausewayError `configuration-invalid` where the store in this file was moved */
export function refuseMoved(file: string): void {
  const mark = markOf(file);
  if (!existsSync(mark)) return;
  const at = readFileSync(mark, 'utf8').trim();
  const detail =
    `The store in ${file} was moved to a database on ${at}, and its log goes on there: name that database as \`store\` in ` +
    `gateway.yaml. Where its gateways say that the move was not ended, give \`causeway store migrate\` again. Only where ` +
    `it was given up before any gateway ran on it may ${mark} be removed.`;
  throw new CausewayError('configuration-invalid', { detail });
}

function markOf(file: string): string {
  return `${withoutLinks(file)}.moved`;
}
