/** Whether a demonstration went as the story says. */
import type { Summary } from './tally.ts';

/** What the summary does not count. */
export type Findings = {
  /** Notices that fared otherwise than the story says. */
  readonly unexpected: number;
  /** The audit log verifies. */
  readonly isLogGood: boolean;
};

export function isAsTold(
  { lost, doubled, alerts }: Pick<Summary, 'lost' | 'doubled' | 'alerts'>,
  { unexpected, isLogGood }: Findings,
): boolean {
  return lost === 0 && doubled === 0 && unexpected === 0 && isLogGood && alerts > 0;
}
