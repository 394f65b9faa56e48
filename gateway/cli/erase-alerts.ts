/** What becomes of alerts that speak of a case when that is erased. */
import type { AlertsOfErasure } from '../../protocol/audit/erasure-certificate.ts';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { usageError } from '../../terminal/input.ts';
import { findAlertsAbout, findErasedWith, kindsAboutOthers, type AlertAbout } from '../audit/alerts-about.ts';
import { destroyCase, type ErasureOrder } from '../audit/erase-case.ts';
import { erasureKind } from '../audit/index-writer.ts';
import type { SearchIndex } from '../audit/search-index.ts';
import type { CaseId, ProposedBodies, Store, UnderWay } from '../store/port.ts';

export type AlertChoice = 'erase' | 'keep';

/** What the person at the terminal has chosen. */
export type ErasureChoices = { readonly alerts: AlertChoice | undefined; readonly underWay: UnderWay };

export type SettledAlerts = {
  /** What the certificate says: those that an order which was not carried out to its end had erased are in it. */
  readonly alerts: AlertsOfErasure;
  /** Those that were erased now. */
  readonly erasedNow: readonly CaseId[];
};

type Places = { readonly store: Store; readonly index: SearchIndex };

/** All alerts that speak of a case now. */
export async function alertsAbout(id: CaseId, { store, index }: Places): Promise<readonly AlertAbout[]> {
  return findAlertsAbout(id, await index.findAll({ kind: kindsAboutOthers }), store);
}

/**
 * Erases the alerts that speak of a case, or leaves them, as was chosen; before the case itself, so that its certificate
 * can say it. What is stopped in between is carried out to its end by the same order once more.
 * @throws CausewayError `usage-invalid` where there are some and nothing was chosen; `case-pending`, with nothing
 * erased, while messages of the case or of an alert are on their way
 */
export async function settleAlerts(
  order: ErasureOrder,
  { alerts: choice, underWay }: ErasureChoices,
  places: Places,
): Promise<SettledAlerts> {
  const found = await alertsAbout(order.case, places);
  const erasures = await places.index.findAll({ kind: [erasureKind] });
  const before = await findErasedWith(order.case, erasures, places.store);
  const ids = [...new Set(found.filter(({ isErasable }) => isErasable).map((alert) => alert.case))];
  if (ids.length > 0 && choice === undefined) throw undecided(ids);
  if (ids.length === 0 || choice === 'keep')
    return { alerts: { erased: [...before], remaining: [...found] }, erasedNow: [] };
  for (const id of underWay === 'wait' ? [order.case, ...ids] : []) {
    if (!(await isPending(id, places))) continue;
    const what = id === order.case ? 'the case' : `the alert ${id}`;
    throw new CausewayError('case-pending', { detail: `Of ${what}. Nothing was erased.` });
  }
  const { authority, by } = order;
  const proposeBodies = async (id: CaseId): Promise<ProposedBodies> => places.index.proposeBodiesOf(id);
  for (const id of ids) {
    const along: ErasureOrder = { case: id, authority, by, with: order.case };
    await destroyCase(places.store, along, { underWay, proposeBodies }).catch((error: unknown) => {
      // Somebody else was quicker.
      if (!isCausewayError(error, 'case-unknown')) throw error;
    });
  }
  const remaining = found.filter(({ isErasable }) => !isErasable);
  return { alerts: { erased: [...before, ...ids], remaining }, erasedNow: ids };
}

function undecided(ids: readonly CaseId[]): CausewayError {
  const named = ids.length === 1 ? 'An alert names' : `${ids.length} alerts name`;
  return usageError(
    `${named} messages of this case, and so tells of it: ${ids.join(', ')}. Nothing was erased. Give --alerts erase ` +
      'to have them erased by the same order, whatever other cases they speak of; or --alerts keep, and the ' +
      'certificate names them.',
  );
}

/** Whether some message of a case is on its way. */
async function isPending(id: CaseId, { store, index }: Places): Promise<boolean> {
  for (const place of await index.findAll({ case: [id], kind: ['message.accepted'] })) {
    const [leaf] = await store.readLeaves(place, 1);
    if (leaf === undefined) continue;
    const { source, message } = leaf.entry;
    if (typeof source !== 'string' || typeof message !== 'string') continue;
    const state = await store.readMessage(source as EndpointAddress, message as MessageId);
    if (state?.deliveries.some((delivery) => delivery.settledAt === null) === true) return true;
  }
  return false;
}
