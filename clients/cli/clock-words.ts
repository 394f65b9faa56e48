/** A clock that is off, in words. */
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** @param aheadMs by how much this computer's clock is ahead of the gateway's; negative where it is behind */
export function clockWords(aheadMs: number): string {
  return `The clock of this computer is ${spanOf(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} the gateway’s. Check it.`;
}

function spanOf(ms: number): string {
  if (ms < 2 * minuteMs) return `${Math.round(ms / 1_000)} seconds`;
  if (ms < 2 * hourMs) return `${Math.round(ms / minuteMs)} minutes`;
  return ms < 2 * dayMs ? `${Math.round(ms / hourMs)} hours` : `${Math.round(ms / dayMs)} days`;
}
