/** Whether what a pattern waits for has come. Pure. */
import type { CorrelatorEvent } from '../event.ts';
import type { Absence, Pattern } from '../patterns/pattern.ts';
import type { Hit } from './hits.ts';

type Evidence = Pick<Hit, 'events' | 'end'>;

/** Whether an event that is no evidence itself is what one of the pattern's absences waits for. */
export function answers({ absences }: Pattern, evidence: Evidence, event: CorrelatorEvent): boolean {
  return absences.some((absence) => {
    if (event.time < sinceOf(absence, evidence) || event.time > evidence.end + absence.withinMs) return false;
    return absence.rules.some((rule) => rule.matches(event));
  });
}

function sinceOf({ from }: Absence, { events, end }: Evidence): number {
  if (from === 'last') return end;
  const first = from === 'first' ? events[0] : events.findLast((event) => from.matches(event));
  return first?.time ?? end;
}
