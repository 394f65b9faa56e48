/** `causeway audit`: the group of commands about the log. */
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { registerAuditVerify } from './audit-verify.ts';
import { registerWitness } from './witness.ts';

/** Adds `audit verify` and `audit witness`, to a group `audit` that is there already or a new one. */
export function registerAudit(program: ProgramCommand, terminal: Terminal): void {
  const present = program.commands.find((command) => command.name() === 'audit') as
    ProgramCommand | undefined;
  const audit =
    present ??
    program
      .command('audit')
      .helpGroup(sections.account)
      .description('The log of everything that happened, and how to check it.');
  registerAuditVerify(audit, terminal);
  // The Committee looks for it here; it is the same group as `causeway witness`.
  registerWitness(audit, terminal).repeated();
}
