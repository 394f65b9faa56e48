/** `causeway audit`: the commands about the log that are run on a gateway's home. */
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { registerAuditSearch } from './audit-search.ts';
import { registerAuditStory } from './audit-story.ts';

/** Adds the commands, to a group `audit` that is there already or a new one. */
export function registerAudit(program: ProgramCommand, terminal: Terminal): void {
  const present = program.commands.find((command) => command.name() === 'audit') as
    ProgramCommand | undefined;
  const audit =
    present ??
    program
      .command('audit')
      .helpGroup(sections.account)
      .description('The log of everything that happened, and how to check it.');
  registerAuditSearch(audit, terminal);
  registerAuditStory(audit, terminal);
}
