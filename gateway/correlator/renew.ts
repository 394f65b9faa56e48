/**
 * Keeps the lease of a look that takes long; to be called between two pieces of its work.
 * @throws CausewayError `store-unavailable`, `lease-lost` when another gateway has it
 */
export type Renew = () => Promise<void>;

/** For work that is done before any lease runs out. */
export const noRenewal: Renew = () => Promise.resolve();
