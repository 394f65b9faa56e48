/** The sharing agreement as a gateway takes it up: policies, and the patterns with their fixtures. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isCausewayError } from '../../protocol/errors.ts';
import type { PolicySet } from '../policy/policy-set.ts';

/** Loads a policy folder and runs the fixtures of its patterns. @throws CausewayError `policy-invalid` */
export async function loadAgreement(dir: string): Promise<PolicySet> {
  const { loadPolicySet } = await import('../policy/load.ts');
  const policy = await loadPolicySet(dir);
  const patterns = join(dir, 'patterns');
  if (!existsSync(patterns)) return policy;
  const { checkPatterns, placeWithin } = await import('../correlator/check-patterns.ts');
  try {
    await checkPatterns(patterns, policy, 'committee');
  } catch (error) {
    throw isCausewayError(error, 'policy-invalid') ? placeWithin('patterns', error) : error;
  }
  return policy;
}
