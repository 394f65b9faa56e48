/** When each witness of the settings has cosigned last, for `gateway check`. */
import { timeText } from '../../terminal/time-text.ts';
import { readLogHistory } from '../audit/log-history.ts';
import type { GatewayHome } from '../home/gateway-home.ts';
import type { Store } from '../store/port.ts';
import { good, type Finding } from './check-finding.ts';
import type { LastCosigned } from './last-cosigned.ts';
import { PublishedLog } from './published-log.ts';

const check = 'witness';
/** A gateway that runs asks within seconds. A witness that starts again, or is moved, is back by then. */
const patienceMs = 10 * 60_000;

/** @returns a line for each; none where nothing was published that they could cosign, which is told elsewhere */
export async function checkWitnesses(
  home: GatewayHome,
  store: Pick<Store, 'readLeaves' | 'readLeafRuns'>,
): Promise<Finding[]> {
  if (home.settings.log.witnesses.length === 0) return [];
  const log = new PublishedLog(home, store);
  const latest = await log.latest().catch(() => undefined);
  if (latest === undefined || latest.size === 0) return [];
  const { size } = latest;
  const found: Finding[] = [];
  for (const each of await log.lastCosigned(latest, await readLogHistory(home.checkpointsDir))) {
    const [first] = await store.readLeaves(each.last?.size ?? 0, 1);
    const isLate = (each.last?.size ?? 0) < size && Date.now() - (first?.at ?? 0) > patienceMs;
    found.push(isLate ? late(each, size) : good(check, `${each.name}: ${cosignedInWords(each, size)}`));
  }
  return found;
}

function late(witness: LastCosigned, size: number): Finding {
  const detail =
    `${witness.name}: ${cosignedInWords(witness, size)}, and leaves wait for it for more than ten minutes: ` +
    "the gateway's log says why (witness-unreachable, witness-refused); see `log.witnesses` in gateway.yaml";
  return { check, verdict: 'warn', detail };
}

function cosignedInWords({ last }: LastCosigned, size: number): string {
  if (last === undefined) return `has cosigned nothing yet of the ${size} leaves that were published`;
  return `cosigned last at ${timeText(last.timeSeconds * 1000)}, ${last.size} of the ${size} leaves that were published`;
}
