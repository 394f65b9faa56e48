/** The mark by which the correlator says up to which message it has looked, where that cannot be. */

export const positionMark = 'correlator.position';

/**
 * The position that the mark says, where it lies behind all leaves: nothing of ours writes that. What is accepted before the
 * log has grown to there would count as looked at.
 * @param marks read before the leaves were counted
 */
export function placeBeyondLog(marks: ReadonlyMap<string, number>, leaves: number): number | undefined {
  const position = marks.get(positionMark) ?? 0;
  return position > leaves ? position : undefined;
}
