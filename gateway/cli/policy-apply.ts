/** `causeway policy apply`: lets a running gateway take over an edited policy folder. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { dirOption, gatewayFolder, withGateway, type GatewayFlags } from './gateway-folder.ts';
import { loadAgreement } from './load-agreement.ts';
import { personHere } from './record-reading.ts';

export function registerPolicyApply(policy: ProgramCommand, terminal: Terminal): void {
  policy
    .command('apply')
    .summary('let a running gateway take over its edited policies')
    .description(
      'Validates the policies folder of a gateway and asks the running gateway to load it. Nothing changes when\n' +
        'the folder is not valid. A gateway that is not running loads it at its next start.',
    )
    .option(...dirOption)
    .action(async (flags: GatewayFlags) => {
      const dir = gatewayFolder(flags.dir, terminal.env);
      const digest = await withGateway(dir, async ({ home, store }) => {
        const set = await loadAgreement(home.policiesDir);
        await store.requestPolicyReload({ kind: 'policy.applied', policy: set.digest, by: personHere() });
        return set.digest;
      });
      if (terminal.wantsJson) terminal.json({ type: 'policy', dir, digest });
      else terminal.print(`${terminal.paint.good('applied')}  ${terminal.paint.dim(`digest ${digest}`)}`);
    });
}
