/** `causeway witness`: the group of commands of a witness. */
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { registerWitnessFollow } from './witness-follow.ts';
import { registerWitnessInit } from './witness-init.ts';
import { registerWitnessRun } from './witness-run.ts';

/** Adds `witness init`, `witness follow` and `witness run`, to the program or to another group. @returns the group */
export function registerWitness(parent: ProgramCommand, terminal: Terminal): ProgramCommand {
  const witness = parent
    .command('witness')
    .helpGroup(sections.account)
    .description('Watch over a log: cosign its checkpoints as long as nothing is removed or changed.');
  registerWitnessInit(witness, terminal);
  registerWitnessFollow(witness, terminal);
  registerWitnessRun(witness, terminal);
  return witness;
}
