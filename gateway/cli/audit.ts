/** `causeway audit`: what operators and the Committee do with the log of everything that happened. */
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { registerAuditBetween } from './audit-between.ts';
import { registerAuditCheckpoint } from './audit-checkpoint.ts';
import { registerAuditErase } from './audit-erase.ts';
import { registerAuditExport } from './audit-export.ts';
import { registerAuditProve } from './audit-prove.ts';
import { registerAuditSearch } from './audit-search.ts';
import { registerAuditStory } from './audit-story.ts';

/** Adds the group `audit`, to which `clients/cli` adds what needs no gateway. */
export function registerAudit(program: ProgramCommand, terminal: Terminal): void {
  const audit = program
    .command('audit')
    .helpGroup(sections.account)
    .description('The log of everything that happened, and how to check it.');
  registerAuditSearch(audit, terminal);
  registerAuditStory(audit, terminal);
  registerAuditBetween(audit, terminal);
  registerAuditExport(audit, terminal);
  registerAuditCheckpoint(audit, terminal);
  registerAuditProve(audit, terminal);
  registerAuditErase(audit, terminal);
}
