/** What the commands about patterns read: the patterns in force, a store, and leaves about alerts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { messageIdSchema } from '../../protocol/ids.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { matching, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { AlertRecord, DispositionRecord } from '../correlator/alert-record.ts';
import type { Pattern } from '../correlator/patterns/pattern.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { AuditReading } from './audit-reading.ts';

/** A sharing agreement and its patterns. */
export type PatternsInForce = { readonly policy: PolicySet; readonly patterns: readonly Pattern[] };

export const patternOption = (): Option =>
  new Option('--pattern <name>', 'only this pattern: its id, or the name of its file');

export const messageId = matching(messageIdSchema);

/** Reads a gateway's agreement with its patterns. @throws CausewayError `policy-invalid` */
export async function readPatternsInForce(policiesDir: string): Promise<PatternsInForce> {
  const { loadPolicySet } = await import('../policy/load.ts');
  const policy = await loadPolicySet(policiesDir);
  return { policy, patterns: await readPatterns(join(policiesDir, 'patterns'), policy) };
}

/**
 * Reads a folder of patterns, or the patterns of a policy folder.
 * @throws CausewayError `policy-invalid`
 */
export async function readPatterns(dir: string, policy: PolicySet): Promise<readonly Pattern[]> {
  const { loadPatterns } = await import('../correlator/patterns/load.ts');
  const { wordsOf } = await import('../correlator/patterns/words.ts');
  const folder = existsSync(join(dir, 'agencies.yaml')) ? join(dir, 'patterns') : dir;
  return (await loadPatterns(folder, { form: 'committee', words: wordsOf(policy) })).patterns;
}

/** The versions of one pattern, or all patterns. @throws CausewayError `usage-invalid` where there is none */
export function pickPatterns(patterns: readonly Pattern[], name: string | undefined): readonly Pattern[] {
  if (name === undefined) return patterns;
  const found = patterns.filter(({ id, file }) => id === name || nameOf(file) === name);
  if (found.length > 0) return found;
  const names = [...new Set(patterns.map(({ file }) => nameOf(file)))].sort();
  throw usageError(`There is no pattern ${name}. There are: ${names.join(', ')}.`);
}

/** `three-agencies` of `three-agencies.yaml`. */
export function nameOf(file: string): string {
  return file.replace(/\.ya?ml$/, '');
}

/**
 * All that the log says of alerts before this reading. Leaves that somebody has tampered with are left out, and told:
 * what a pattern is judged by must not be what the database was made to say.
 */
export async function readAlertLeaves(
  { index, leaves, leaf }: AuditReading,
  terminal: Terminal,
): Promise<{
  readonly alerts: readonly AlertRecord[];
  readonly answers: readonly DispositionRecord[];
}> {
  const { readAlertRecord, readDispositionRecord } = await import('../correlator/alert-record.ts');
  const alerts: AlertRecord[] = [];
  const answers = new Map<string, DispositionRecord>();
  const tampered: number[] = [];
  await terminal.during('Reading the leaves about alerts', async () => {
    for (const place of await index.findAll({ kind: ['alert'], before: leaf })) {
      for (const { entry, ...found } of await leaves.readLeaves(place, 1)) {
        if (found.tampered !== undefined) tampered.push(place);
        const alert = readAlertRecord(entry);
        if (alert !== undefined) alerts.push(alert);
        const answer = readDispositionRecord(entry);
        if (answer !== undefined) answers.set(answer.message, answer);
      }
    }
  });
  tellLeftOut(tampered, terminal);
  return { alerts, answers: [...answers.values()] };
}

/** Ends with the exit code of evidence in which somebody has tampered with a leaf, too. */
function tellLeftOut(tampered: readonly number[], terminal: Terminal): void {
  if (tampered.length === 0) return;
  process.exitCode = exitCodes.invalid;
  const named = tampered.length === 1 ? `Leaf ${tampered.join()}` : `Leaves ${tampered.join(', ')}`;
  const detail = `${named} about alerts cannot be counted: somebody has tampered with them in the store. \`causeway audit search --kind alert\` shows how.`;
  if (terminal.wantsJson) terminal.json({ type: 'tampered', leaves: tampered, detail });
  else terminal.hint(detail);
}
