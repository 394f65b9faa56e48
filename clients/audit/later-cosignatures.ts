/** Cosignatures that are dated after the copy was made: the clock of a witness is ahead, or the time given is not that of the copy. */
import type { AuditReport } from './finding.ts';

/** Clocks differ, and a witness may cosign while a copy is made. */
const toleranceMs = 5 * 60_000;

/** Those of a report's cosignatures that are. @param copiedAtMs ms since 1970; where it is not known, none are */
export function cosignedLater(
  cosignatures: AuditReport['cosignatures'],
  copiedAtMs: number | undefined,
): AuditReport['cosignatures'] {
  if (copiedAtMs === undefined) return [];
  return cosignatures.filter(({ timeSeconds }) => timeSeconds * 1000 > copiedAtMs + toleranceMs);
}
