/** Whether deliveries have come as far as the leaves say, and what recipients signed is there, for `gateway check`. */
import type { FaultyDelivery } from '../audit/deliveries-against-log.ts';
import type { FaultyGroup } from '../audit/groups-against-log.ts';
import type { MessagesAgainstLog } from '../audit/messages-against-log.ts';
import { countOf } from './alert-text.ts';
import { good, type Finding } from './check-finding.ts';
import { listed } from './listed-faults.ts';

/** @param published how many leaves were held against the published log */
export function deliveriesFinding(
  { looked, faults, unknown }: MessagesAgainstLog['deliveries'],
  published: number,
): Finding {
  const check = 'deliveries';
  if (faults.count === 0 && unknown === 0)
    return good(check, `${looked} in the store have come as far as the leaves say`);
  const areNot = faults.count === 1 ? 'is not' : 'are not';
  const ofSteps =
    faults.count === 0 ? [] : [`${countOf(faults.count, 'step')} ${areNot} what the leaves say`];
  const ofRows = unknown === 0 ? [] : [`${unknown} ${unknown === 1 ? 'belongs' : 'belong'} to no message`];
  return {
    check,
    verdict: 'bad',
    detail: `store-damaged: of ${looked + unknown} in the store, ${[...ofSteps, ...ofRows].join(', and ')}`,
    problems: [
      ...listed(faults, (faulty) => stepInWords(faulty, published)),
      ...(unknown === 0 ? [] : [unknownInWords(unknown)]),
    ],
  };
}

function unknownInWords(count: number): string {
  return (
    `${count} more ${count === 1 ? 'is' : 'are'} in the store than the messages have that the leaves tell of. ` +
    'What was put in by hand is delivered to whomever it names.'
  );
}

/** @param published how many leaves were held against the published log */
export function receiptsFinding(faults: MessagesAgainstLog['groups'], published: number): Finding {
  const check = 'receipts';
  if (faults.count === 0) return good(check, 'what recipients signed is what the leaves name');
  return {
    check,
    verdict: 'bad',
    detail: `store-damaged: what recipients signed is not what the leaves name, in ${countOf(faults.count, 'group')} of receipts`,
    problems: listed(faults, (faulty) => groupInWords(faulty, published)),
  };
}

function stepInWords(faulty: FaultyDelivery, published: number): string {
  const { message, accepted, recipient, leaf } = faulty;
  const to = recipient === undefined ? '' : `, to ${recipient}`;
  const of = message === undefined ? '' : ` of message ${message},`;
  const said = faultInWords(faulty, `delivery${of} of leaf ${accepted}${to},`);
  return leaf === undefined ? said : orLeafChanged(said, leaf, published);
}

function orLeafChanged(said: string, leaf: number, published: number): string {
  return leaf < published
    ? said
    : `${said} Or leaf ${leaf} was changed, which could not be held against the published log.`;
}

function faultInWords({ fault, step, leaf }: FaultyDelivery, name: string): string {
  const isEnd = step === 'settled';
  switch (fault) {
    case 'untold': {
      const what = isEnd ? 'has come to its end' : 'has arrived';
      const teller =
        leaf === undefined ? 'no leaf tells so' : `leaf ${leaf}, which it names, does not tell so`;
      const then = isEnd ? ' What was marked so by hand is not delivered.' : '';
      return `The store says that the ${name} ${what}, and ${teller}.${then}`;
    }
    case 'otherwise':
      return isEnd
        ? `Leaf ${leaf} says that the ${name} ended, and the store says that it did so in another way or at another time.`
        : `Leaf ${leaf} says that the ${name} arrived, and the store says that it did so at another time.`;
    case 'taken-back':
      return isEnd
        ? `Leaf ${leaf} says that the ${name} ended, and the store says that it is still under way. What was taken back by hand is delivered again.`
        : `Leaf ${leaf} says that the ${name} arrived, and the store says that it has not.`;
    case 'no-state':
      return `What the store has for the state of the ${name} is no state: somebody has changed it.`;
    case 'unheard-of':
      return (
        `Leaf ${leaf} says that the ${name} ${isEnd ? 'ended' : 'arrived'}, and no such delivery was ever to be made. ` +
        'Somebody has put it into the store.'
      );
  }
}

function groupInWords({ leaf, fault }: FaultyGroup, published: number): string {
  const said =
    fault === 'gone'
      ? `What the recipient signed, by leaf ${leaf}, is gone.`
      : `What stands in the store as signed by the recipient, by leaf ${leaf}, is not what the leaf names any more.`;
  return orLeafChanged(said, leaf, published);
}
