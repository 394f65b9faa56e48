/** What happens anyway: notices that belong to no pattern, more about some children than about others. */
import type { Severity } from '../../protocol/wire/envelope.ts';
import type { Seeded } from '../seeded.ts';
import type { Planted } from './plant.ts';

export type Kind = {
  readonly source: string;
  readonly category: string;
  readonly severity: Severity;
  readonly weight: number;
};

const kind = (weight: number, source: string, category: string, severity: Severity): Kind => ({
  weight,
  source,
  category,
  severity,
});

/** About in the proportions in which agencies write. */
const kinds: readonly Kind[] = [
  kind(24, 'strathclyde-police/public-protection', 'police-concern', 'concern'),
  kind(10, 'strathclyde-police/public-protection', 'domestic-abuse-incident', 'concern'),
  kind(1, 'strathclyde-police/duty', 'child-missing', 'urgent'),
  kind(18, 'nhs-lanarkshire/emergency-department', 'ae-attendance', 'concern'),
  kind(14, 'nhs-lanarkshire/child-protection', 'missed-appointment', 'info'),
  kind(12, 'north-lanarkshire-education/named-person', 'school-absence', 'info'),
  kind(12, 'south-lanarkshire-education/named-person', 'school-absence', 'info'),
  kind(4, 'north-lanarkshire-education/named-person', 'concern', 'concern'),
  kind(3, 'north-lanarkshire-social-work/duty', 'child-moved', 'info'),
  kind(2, 'south-lanarkshire-social-work/duty', 'child-moved', 'info'),
];
const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
const meanPerYear = 0.75;
const dayMs = 86_400_000;

/** The notices about one child over so many days; most children have none or one, a few have many. */
export function backgroundNotices(days: number, chance: Seeded): Planted[] {
  const rate = chance.exponential(meanPerYear) / 365;
  const notices: Planted[] = [];
  for (let at = chance.exponential(1 / rate); at < days; at += chance.exponential(1 / rate)) {
    const atMs = at * dayMs;
    notices.push({ ...pickNotice(chance), atMs, arrivesMs: atMs });
  }
  return notices;
}

/** A notice of one of these kinds, its times still left out. */
export function pickNotice(chance: Seeded): Omit<Planted, 'atMs' | 'arrivesMs'> {
  const { source, category, severity } = pickKind(chance);
  return { source, category, severity, subjects: undefined, child: 0, repeats: undefined };
}

/** What an agency writes of, as often as agencies do. */
export function pickKind(chance: Seeded): Kind {
  let left = chance.next() * total;
  for (const one of kinds) {
    left -= one.weight;
    if (left < 0) return one;
  }
  return kinds[0]!;
}
