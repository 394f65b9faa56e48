/** `causeway policy check`: validates a policy folder, for people and for CI. */
import { isCausewayError } from '../../protocol/errors.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';
import { loadAgreement } from './load-agreement.ts';
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
        const set = await terminal.during('Checking the policies', () => loadAgreement(dir));
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
