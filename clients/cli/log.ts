/** `causeway log`: the gateway's audit log, as an endpoint follows it. */
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { registerLogAcknowledge } from './log-acknowledge.ts';
import { registerLogResume } from './log-resume.ts';
import { registerLogStatus } from './log-status.ts';
import { registerLogWitnesses } from './log-witnesses.ts';

export function registerLog(program: ProgramCommand, terminal: Terminal): void {
  const log = program
    .command('log')
    .helpGroup(sections.takePart)
    .description("The gateway's audit log, as this endpoint follows and verifies it.");
  registerLogStatus(log, terminal);
  registerLogAcknowledge(log, terminal);
  registerLogResume(log, terminal);
  registerLogWitnesses(log, terminal);
}
