/**
 * What is still news where history had to be told again, because a notice was accepted before others that are known
 * already, as two gateways' clocks may have it. Told in the right order, history raises other alerts than were sent:
 * whoever has had those learns only what they did not say.
 */
import type { Alert } from './alert.ts';
import type { Outcome } from './correlator.ts';
import { messageKey } from './event.ts';
import { judge, type Told } from './suppression.ts';

/** The alerts of an outcome that are to be sent, in their order. */
export function newsOf({ raised, withdrawn }: Outcome): readonly Alert[] {
  if (withdrawn.length === 0) return raised;
  const told = [...withdrawn];
  return raised.filter((alert) => {
    const { key, suppression } = alert.pattern;
    const before = told
      .filter((one) => one.pattern.key === key && overlaps(one, alert))
      .reduce<Told>((all, one) => judge(all, one, suppression, one.firedAt)?.told ?? all, new Map());
    const isNew = judge(before, alert, suppression, alert.firedAt)?.isNews === true;
    if (isNew) told.push(alert);
    return isNew;
  });
}

function overlaps(one: Alert, other: Alert): boolean {
  const messages = new Set(one.events.map(messageKey));
  return other.events.some((event) => messages.has(messageKey(event)));
}
