/** `causeway pattern check`: validates patterns and runs their examples, for people and for CI. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isCausewayError } from '../../protocol/errors.ts';
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { exitCodes } from '../../terminal/exit-codes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { countOf } from './alert-text.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';
import { policyFolder } from './policy-folder.ts';
import { reportAdvice, reportProblems } from './report-problems.ts';

type Flags = GatewayFlags & { readonly policies?: string; readonly sigma?: true };

export function registerPatternCheck(pattern: ProgramCommand, terminal: Terminal): void {
  pattern
    .command('check')
    .summary('validate patterns and run their fixtures, for CI')
    .description(
      'Validates every pattern of a folder and runs the fixtures in it. Each problem is a line of the form\n' +
        'file:line:column: message. Exit code 0 when there is none, 2 otherwise. Advice is no problem.',
    )
    .argument('[dir]', 'a folder of patterns, or a policy folder (default: the patterns of ./policies)')
    .option('--policies <dir>', 'the sharing agreement whose words they use (default: the one around them)')
    .option('--sigma', "ask for Sigma's mandatory keys only, not for rationale, fixtures and two agencies")
    .option(...dirOption)
    .examples(
      ['causeway pattern check', 'the patterns of ./policies'],
      ['causeway pattern check ./drafts --policies ./policies', 'patterns that are not in force yet'],
    )
    .action(async (given: string | undefined, flags: Flags) => {
      const { dir, policies } = foldersOf(given, flags, terminal.env);
      const [{ loadPolicySet }, { checkPatterns }] = await Promise.all([
        import('../policy/load.ts'),
        import('../correlator/check-patterns.ts'),
      ]);
      const policy = await loadPolicySet(policies);
      const form = flags.sigma === true ? 'sigma' : 'committee';
      try {
        const { set, fixtures } = await terminal.during('Checking the patterns', () =>
          checkPatterns(dir, policy, form),
        );
        const patterns = set.patterns.length;
        const { supporting } = set;
        reportAdvice(set.advice, dir, terminal);
        if (terminal.wantsJson) {
          terminal.json({ type: 'patterns', dir, patterns, supporting, fixtures, problems: 0 });
          return;
        }
        const counts = [
          countOf(patterns, 'pattern'),
          ...(supporting === 0 ? [] : [countOf(supporting, 'supporting rule')]),
          countOf(fixtures, 'fixture'),
        ];
        terminal.print(`${terminal.paint.good('good')}  ${dir}  ${counts.join(', ')}`);
      } catch (error) {
        if (!isCausewayError(error, 'policy-invalid') || error.problems.length === 0) throw error;
        reportProblems(error, dir, terminal);
        process.exitCode = exitCodes.invalid;
      }
    });
}

const example = 'causeway pattern check ./policies';

/** A policy folder stands for the patterns in it; patterns stand in the policy folder around them. */
function foldersOf(
  given: string | undefined,
  flags: Flags,
  env: NodeJS.ProcessEnv,
): { readonly dir: string; readonly policies: string } {
  const named = policyFolder(given, flags, env, example);
  const dir = existsSync(join(named, 'agencies.yaml')) ? join(named, 'patterns') : named;
  const around = dirname(resolve(dir));
  if (flags.policies !== undefined) return { dir, policies: policyFolder(flags.policies, {}, env, example) };
  if (existsSync(join(around, 'agencies.yaml'))) {
    return { dir, policies: dir === named ? around : named };
  }
  return { dir, policies: policyFolder(undefined, {}, env, example) };
}
