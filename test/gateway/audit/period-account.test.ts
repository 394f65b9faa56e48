import { describe, expect, it } from 'vitest';
import { PeriodAccount } from '../../../gateway/audit/period-account.ts';
import type { RecordEntry, StoredLeaf } from '../../../gateway/store/port.ts';
import { encodeLeaf, type Leaf } from '../../../protocol/audit/leaf.ts';
import { health, messageId, noon, police, school, socialWork } from '../store/synthetic-messages.ts';

/** A log that is written leaf by leaf. */
class Log {
  readonly leaves: StoredLeaf[] = [];

  add(open: Omit<Leaf, 'at'>, entry?: RecordEntry, erased = false): number {
    const index = this.leaves.length;
    const at = noon + index;
    const leaf = encodeLeaf({ ...open, at });
    const body = entry === undefined ? {} : { case: messageId(1) };
    this.leaves.push({ index, at, leaf, entry: entry ?? { ...open }, erased, ...body });
    return index;
  }

  accept(number: number, sequence = number, recipients: readonly string[] = [health]): number {
    return this.add(
      { kind: 'message.accepted', message: messageId(number) },
      {
        kind: 'message.accepted',
        ...{
          message: messageId(number),
          source: police,
          to: recipients,
          category: 'concern',
          severity: 'urgent',
        },
        sequence: recipients.map(() => sequence),
        decisions: recipients.map((recipient) => ({ recipient, effect: 'permit' })),
      },
    );
  }

  step(word: 'delivered' | 'stored' | 'refused' | 'expired', of: number, nth = 0): void {
    this.add({ kind: `delivery.${word}`, of, nth });
  }

  account(from: number, agencies: readonly string[] = []) {
    const account = new PeriodAccount(from);
    for (const leaf of this.leaves) account.note(leaf);
    return account.findings(agencies);
  }
}

describe('the account of a period', () => {
  it('lists the gap of a pair, and what was missing before only as a number', () => {
    const log = new Log();
    log.accept(1, 2);
    const from = log.accept(2, 3);
    log.accept(3, 6);
    expect(log.account(from)).toMatchObject({
      gaps: [{ source: police, to: health, first: 4, last: 5 }],
      missingBefore: 1,
    });
  });

  it('lets only an authentic refusal account for a number', () => {
    const log = new Log();
    const refuse = (sequence: number, authentic: boolean): number =>
      log.add(
        { kind: 'message.refused', code: 'policy-denied' },
        {
          ...{ kind: 'message.refused', message: messageId(sequence), source: police, to: [health] },
          ...{ sequence: [sequence], authentic },
        },
      );
    refuse(1, true);
    refuse(2, false);
    log.accept(3);
    expect(log.account(0).gaps).toEqual([{ source: police, to: health, first: 2, last: 2 }]);
  });

  it('lists notices that nobody has read at its end, whenever they were accepted', () => {
    const log = new Log();
    const early = log.accept(1);
    const read = log.accept(2);
    log.step('delivered', read);
    log.step('stored', read);
    const both = log.accept(3, 3, [school, socialWork]);
    log.step('delivered', both, 1);
    log.step('refused', both, 0);
    const { unread } = log.account(read);
    expect(unread).toMatchObject([
      { leaf: early, nth: 0, state: 'waiting', source: police, recipient: health, acceptedAt: noon },
      {
        leaf: both,
        nth: 1,
        state: 'arrived',
        recipient: socialWork,
        message: messageId(3),
        category: 'concern',
      },
    ]);
  });

  it('lists what expired in it, counts what expired before, and forgets what was stored after all', () => {
    const log = new Log();
    const [old, late, fresh] = [log.accept(1), log.accept(2), log.accept(3)];
    log.step('expired', old);
    log.step('expired', late);
    const from = log.leaves.length;
    log.step('stored', late);
    log.step('expired', fresh);
    expect(log.account(from)).toMatchObject({
      unread: [{ leaf: fresh, state: 'expired' }],
      expiredBefore: 1,
    });
  });

  it('names agencies silent that have done nothing in it, whoever wrote to them', () => {
    const log = new Log();
    const agencies = ['strathclyde-police', 'nhs-lanarkshire', 'north-lanarkshire-education'];
    const early = log.accept(1, 1, [health, school]);
    log.accept(2, 2);
    const late = log.accept(3, 3, [health, school]);
    log.step('delivered', late, 0);
    log.step('expired', late, 1);
    const from = early + 1;
    // Whoever was sent to, or had a place taken by the operator, may have been away all the time.
    expect(log.account(from, agencies).silent).toEqual(['nhs-lanarkshire', 'north-lanarkshire-education']);
    log.step('stored', early, 0);
    expect(log.account(from, agencies).silent).toEqual(['north-lanarkshire-education']);
    log.step('refused', late, 1);
    expect(log.account(from, agencies).silent).toEqual([]);
    expect(log.account(log.leaves.length, agencies).silent).toEqual(agencies);
  });

  it.each([
    ['session.error', false],
    ['endpoint.renewed', false],
    ['receipts.forgotten', false],
    ['endpoint.revoked', true],
    ['enrolment.permitted', true],
  ])('takes %s for a word of the endpoint itself, or of others: silent %s', (kind, isSilent) => {
    const log = new Log();
    log.add({ kind, endpoint: school }, { kind, endpoint: school });
    log.add({ kind: 'agency.added' }, { kind: 'agency.added', agency: 'reporter' });
    const silent = log.account(0, ['reporter', 'north-lanarkshire-education']).silent;
    expect(silent).toEqual(['reporter', ...(isSilent ? ['north-lanarkshire-education'] : [])]);
  });

  it('says how many notices were erased, and that one of them expired', () => {
    const log = new Log();
    const of = log.add({ kind: 'message.accepted' }, { kind: 'message.accepted' }, true);
    log.step('expired', of);
    const { erasedNotices, unread } = log.account(0);
    expect(erasedNotices).toBe(1);
    expect(unread).toEqual([expect.objectContaining({ leaf: of, state: 'expired', recipient: undefined })]);
  });
});
