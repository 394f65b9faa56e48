/** Whether the policies folder is the agreement that was loaded or applied last, for `gateway check`. */
import { shellWord } from '../../files/shell-word.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import { newestAgreement } from '../newest-agreement.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Store } from '../store/port.ts';
import { good, type Finding } from './check-finding.ts';

const check = 'agreement';
const mostLeavesWhenQuick = 4_096;

/** @returns undefined where the folder is not valid, which is told, or the log names no agreement */
export async function checkAgreement(
  home: GatewayHome,
  store: Store,
  policy: PolicySet | undefined,
  isQuick: boolean,
): Promise<Finding | undefined> {
  if (policy === undefined) return undefined;
  const newest = await newestAgreement(store, isQuick ? mostLeavesWhenQuick : undefined);
  if (newest === undefined) return undefined;
  if (newest === policy.digest) return good(check, 'the policies folder is what was loaded or applied last');
  const detail =
    'the policies folder is not what was loaded or applied last, so that a gateway that runs goes by another agreement. ' +
    `Where it is as it should be: causeway policy apply --dir ${shellWord(home.dir)}`;
  return { check, verdict: 'warn', detail };
}
