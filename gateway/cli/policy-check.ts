/** `causeway policy check`: validates a policy folder, for people and for CI. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isCausewayError } from '../../protocol/errors.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { policyDirArgument, policyFolder } from './policy-folder.ts';
import { reportProblems } from './report-problems.ts';

export function registerPolicyCheck(policy: ProgramCommand, terminal: Terminal): void {
  policy
    .command('check')
    .summary('validate a policy folder, for CI')
    .description(
      'Validates a whole policy folder as a gateway does at start. Each problem is a line of the form\n' +
        'file:line:column: message. Exit code 0 when there is none, 2 otherwise.',
    )
    .argument(...policyDirArgument)
    .option(...dirOption)
    .action(async (given: string | undefined, flags: GatewayFlags) => {
      const dir = policyFolder(given, flags, terminal.env);
      try {
        const set = await terminal.during('Checking the policies', () => loadWithPatterns(dir));
        if (terminal.wantsJson) terminal.json({ type: 'policy', dir, digest: set.digest, problems: 0 });
        else
          terminal.print(
            `${terminal.paint.good('good')}  ${dir}  ${terminal.paint.dim(`digest ${set.digest}`)}`,
          );
      } catch (error) {
        if (!isCausewayError(error, 'policy-invalid') || error.problems.length === 0) throw error;
        reportProblems(error, dir, terminal);
        process.exitCode = exitCodes.invalid;
      }
    });
}

/** The patterns within the folder are part of it. */
async function loadWithPatterns(dir: string): Promise<PolicySet> {
  const { loadPolicySet } = await import('../policy/load.ts');
  const policy = await loadPolicySet(dir);
  const patterns = join(dir, 'patterns');
  if (!existsSync(patterns)) return policy;
  const { checkPatterns, placeWithin } = await import('../correlator/check-patterns.ts');
  try {
    await checkPatterns(patterns, policy, 'committee');
  } catch (error) {
    throw isCausewayError(error, 'policy-invalid') ? placeWithin('patterns', error) : error;
  }
  return policy;
}
