/** The limits that a client keeps to: those of the protocol, and where its gateway states lower ones, those. */
import { limits as protocolLimits, type Limits } from '../../protocol/limits.ts';

/** A time, not a bound: how patient a client is follows from it, so it counts as stated. */
const times: readonly (keyof Limits)[] = ['pingIntervalMs', 'helloTimeoutMs'];

/**
 * What a welcome allows. A gateway that states more than the protocol does not widen it: peers refuse what is larger.
 * @param stated as the welcome gave it
 */
export function heededLimits(stated: Limits): Limits {
  const names = Object.keys(protocolLimits) as (keyof Limits)[];
  const heeded = names.map((name) => [
    name,
    times.includes(name) ? stated[name] : Math.min(stated[name], protocolLimits[name]),
  ]);
  return Object.fromEntries(heeded) as Limits;
}

const usualSilenceMs = 45_000;
/** In pings of the gateway: one may be lost. */
const silentPings = 2.25;
/** Timers have an end, and so has patience. */
const longestSilenceMs = 3_600_000;

/** How long a gateway may be silent before it counts as gone. */
export function silenceMsUnder({ pingIntervalMs }: Limits): number {
  return Math.min(longestSilenceMs, Math.max(usualSilenceMs, silentPings * pingIntervalMs));
}

/** The limits of the newest session; the protocol's own before the first. */
export class KnownLimits {
  current: Limits = protocolLimits;
}
