/** The operator's commands. Each file holds one; what is heavy is imported when a command runs. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import { sections } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { registerAgencyAdd } from './agency-add.ts';
import { registerAgencyList } from './agency-list.ts';
import { registerAudit } from './audit.ts';
import { registerEndpointList } from './endpoint-list.ts';
import { registerEndpointRevoke } from './endpoint-revoke.ts';
import { registerEnrolToken } from './enrol-token.ts';
import { registerGatewayBackup } from './gateway-backup.ts';
import { registerGatewayCheck } from './gateway-check.ts';
import { registerGatewayInit } from './gateway-init.ts';
import { registerGatewayRecords } from './gateway-records.ts';
import { registerGatewayStart } from './gateway-start.ts';
import { registerPatternCheck } from './pattern-check.ts';
import { registerPatternExplain } from './pattern-explain.ts';
import { registerPatternPrecision } from './pattern-precision.ts';
import { registerPatternReplay } from './pattern-replay.ts';
import { registerPatternWhyNot } from './pattern-why-not.ts';
import { registerPolicyApply } from './policy-apply.ts';
import { registerPolicyCheck } from './policy-check.ts';
import { registerPolicyShow } from './policy-show.ts';
import { registerStoreMigrate } from './store-migrate.ts';

/** Adds `gateway`, `agency`, `enrol-token`, `endpoint`, `store`, `policy`, `pattern` and `audit` to the program. */
export function registerGatewayCommands(program: ProgramCommand, terminal: Terminal): void {
  const gateway = program
    .command('gateway')
    .helpGroup(sections.operate)
    .description('Make, start and check a gateway, and read its record.');
  registerGatewayInit(gateway, terminal);
  registerGatewayStart(gateway, terminal);
  registerGatewayCheck(gateway, terminal);
  registerGatewayBackup(gateway, terminal);
  registerGatewayRecords(gateway, terminal);

  const store = program
    .command('store')
    .helpGroup(sections.operate)
    .description('Where a gateway keeps everything.');
  registerStoreMigrate(store, terminal);

  const agency = program
    .command('agency')
    .helpGroup(sections.operate)
    .description('The partner organisations of the sharing agreement.');
  registerAgencyAdd(agency, terminal);
  registerAgencyList(agency, terminal);

  registerEnrolToken(program, terminal);
  registerAudit(program, terminal);

  const endpoint = program
    .command('endpoint')
    .helpGroup(sections.operate)
    .description('The systems and teams that are enrolled at a gateway.');
  registerEndpointList(endpoint, terminal);
  registerEndpointRevoke(endpoint, terminal);

  const policy = program
    .command('policy')
    .helpGroup(sections.agreement)
    .description('The sharing agreement: agencies, categories, policies and data sets.');
  registerPolicyCheck(policy, terminal);
  registerPolicyApply(policy, terminal);
  registerPolicyShow(policy, terminal);

  const pattern = program
    .command('pattern')
    .helpGroup(sections.agreement)
    .description('The patterns that raise alerts about a child.');
  registerPatternCheck(pattern, terminal);
  registerPatternReplay(pattern, terminal);
  registerPatternExplain(pattern, terminal);
  registerPatternWhyNot(pattern, terminal);
  registerPatternPrecision(pattern, terminal);
}
