/** The commands of those who take part. Each file holds one; the SDK is imported when a command runs. */
import { sections, type ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { registerAudit } from './audit.ts';
import { registerDatasetList } from './dataset-list.ts';
import { registerDatasetShow } from './dataset-show.ts';
import { registerDatasetTemplate } from './dataset-template.ts';
import { registerDatasetValidate } from './dataset-validate.ts';
import { registerDirectoryList } from './directory-list.ts';
import { registerDirectoryTrust } from './directory-trust.ts';
import { registerEnrol } from './enrol.ts';
import { registerLinkageHolder } from './linkage-holder.ts';
import { registerLinkageHolders } from './linkage-holders.ts';
import { registerLinkageKey } from './linkage-key.ts';
import { registerListen } from './listen.ts';
import { registerSend } from './send.ts';
import { registerLog } from './log.ts';
import { registerStatus } from './status.ts';
import { registerWitness } from './witness.ts';

/**
 * Adds `enrol`, `send`, `listen`, `status`, `log`, `directory`, `linkage`, `linkage-holder`, `dataset`, `audit` and
 * `witness` to the program.
 */
export function registerClientCommands(program: ProgramCommand, terminal: Terminal): void {
  registerEnrol(program, terminal);
  const directory = program
    .command('directory')
    .helpGroup(sections.takePart)
    .description('Who can be written to, and whose keys this endpoint trusts.');
  registerDirectoryList(directory, terminal);
  registerDirectoryTrust(directory, terminal);
  registerSend(program, terminal);
  registerListen(program, terminal);
  registerStatus(program, terminal);
  registerLog(program, terminal);

  const linkage = program
    .command('linkage')
    .helpGroup(sections.takePart)
    .description('How the people a notice is about become tokens that match between agencies.');
  registerLinkageKey(linkage, terminal);
  registerLinkageHolders(linkage, terminal);
  registerLinkageHolder(program, terminal);

  const dataset = program
    .command('dataset')
    .helpGroup(sections.agreement)
    .description('The structured documents that notices carry.');
  registerDatasetList(dataset, terminal);
  registerDatasetShow(dataset, terminal);
  registerDatasetValidate(dataset, terminal);
  registerDatasetTemplate(dataset, terminal);
  registerAudit(program, terminal);
  registerWitness(program, terminal);
}
