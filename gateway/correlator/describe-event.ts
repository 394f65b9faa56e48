/** Adds to a notice's metadata what the sharing agreement knows of its sender and its category. */
import type { Agency } from '../policy/agencies.ts';
import type { Category } from '../policy/categories.ts';
import { agencyOf } from '../../protocol/ids.ts';
import type { CorrelatorEvent } from './event.ts';

type Known = {
  readonly agencies: ReadonlyMap<string, Agency>;
  readonly categories: ReadonlyMap<string, Category>;
};

/** `group`, `sector` and `authority` stay open where the agreement does not know the sender or the category. */
export function describeEvent(
  event: Omit<CorrelatorEvent, 'group' | 'sector' | 'authority'>,
  { agencies, categories }: Known,
): CorrelatorEvent {
  const { id, time, arrived, source, category, severity, subjects } = event;
  const agency = agencies.get(agencyOf(source));
  return {
    id,
    time,
    arrived,
    source,
    category,
    severity,
    subjects,
    group: categories.get(category)?.group,
    sector: agency?.sector,
    authority: agency?.authority,
  };
}
