/** What an erasure does next. Decided before anybody looks for bodies of the case: where nothing goes now, nobody has to. */
import { endedAtOnce, type UnderWay } from './port.ts';

/**
 * `unknown` and `pending`: nothing happens. `end-some`: the first {@link endedAtOnce} deliveries end, and it is to be asked
 * again. `erase`: those under way end, and the case goes.
 */
export type ErasureStep = 'unknown' | 'pending' | 'end-some' | 'erase';

type CaseFacts = {
  readonly hasSecret: boolean;
  readonly messages: number;
  /** Its deliveries under way, as many as `openDeliveriesWanted` asks for at most. */
  readonly open: number;
};

export function erasureStep({ hasSecret, messages, open }: CaseFacts, underWay: UnderWay): ErasureStep {
  if (!hasSecret && messages === 0) return 'unknown';
  if (open > 0 && underWay === 'wait') return 'pending';
  return open > endedAtOnce ? 'end-some' : 'erase';
}
