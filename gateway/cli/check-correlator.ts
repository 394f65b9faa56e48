/** Whether the mark by which the correlator goes on can be its own, for `gateway check`. */
import { placeBeyondLog } from '../correlator/place-beyond-log.ts';
import type { Store } from '../store/port.ts';
import { good, type Finding } from './check-finding.ts';

const check = 'correlator';

export async function checkCorrelator(store: Pick<Store, 'readMarks' | 'countLeaves'>): Promise<Finding> {
  const marks = await store.readMarks();
  const leaves = await store.countLeaves();
  const position = placeBeyondLog(marks, leaves);
  if (position === undefined) return good(check, 'its mark lies within the log');
  const detail =
    `mark-wrong: its mark says position ${position}, and the log has ${leaves} leaves: somebody has set it. ` +
    'The next look of a gateway takes what came since its last look for new, or everything where the mark of that time ' +
    'lies in the future, and sets the mark right';
  return { check, verdict: 'bad', detail };
}
