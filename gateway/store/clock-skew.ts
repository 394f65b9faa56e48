/**
 * The clocks of gateways on one store differ by less than this, in ms: a message may say that it was accepted so much
 * earlier than one that comes before it in the order of acceptance.
 */
export const clockSkewMs = 3_600_000;
