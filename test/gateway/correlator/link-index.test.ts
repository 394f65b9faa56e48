import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SubjectTokeniser } from '../../../clients/sdk/linkage/subject-tokens.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { maxRecordsPerToken, MemoryTokenTable } from '../../../gateway/correlator/token-table.ts';
import { packTokens } from '../../../protocol/linkage/packed-set.ts';
import { PackedSubject } from '../../../gateway/correlator/packed-subject.ts';

const tokeniser = new SubjectTokeniser({ epoch: 1, secret: new Uint8Array(32).fill(3) });
const child = { given: 'Isla', family: 'Nowak', birthDate: '2018-03-09', sex: 'F', postcode: 'ML1 2AB' };
const tokensOf = (details: Partial<typeof child>) => packTokens(tokeniser.tokensOf({ ...child, ...details }));

describe('the token index', () => {
  it('links a child that moved and explains the link by recipe types', () => {
    const index = new LinkIndex();
    const before = index.admit(tokensOf({}));
    const after = index.admit(tokensOf({ postcode: 'G12 8QQ' }));
    expect(before.links).toEqual([{ to: after, tier: 'same', types: after.links[0]?.types }]);
    expect(after.links[0]?.types.length).toBeGreaterThan(0);
    expect(index.admit(tokensOf({}))).toBe(before);
  });

  it('keeps twins apart and knows that they contradict', () => {
    const index = new LinkIndex();
    const one = index.admit(tokensOf({}));
    const twin = index.admit(tokensOf({ given: 'Rory', sex: 'M' }));
    expect([one.links, twin.links]).toEqual([[], []]);
    expect(index.conflicts(one, twin)).toBe(true);
  });

  it('links over a rotation by the epoch that both have, and nothing where they have none in common', () => {
    const [old, fresh] = [1, 2].map((epoch) => ({ epoch, secret: new Uint8Array(32).fill(epoch) }));
    const index = new LinkIndex();
    const before = index.admit(packTokens(new SubjectTokeniser(old!).tokensOf(child)));
    const during = index.admit(packTokens(new SubjectTokeniser(fresh!, old).tokensOf(child)));
    const after = index.admit(packTokens(new SubjectTokeniser(fresh!).tokensOf(child)));
    const twin = index.admit(
      packTokens(new SubjectTokeniser(fresh!, old).tokensOf({ ...child, given: 'Rory', sex: 'M' })),
    );
    expect(during.links.map(({ to, tier }) => [to, tier])).toEqual([
      [before, 'same'],
      [after, 'same'],
    ]);
    expect([before.links, after.links].map((links) => links.map(({ to }) => to))).toEqual([
      [during],
      [during],
    ]);
    expect(twin.links).toEqual([]);
    expect([before, during, after].map((one) => index.conflicts(one, twin))).toEqual([true, true, true]);
  });

  it('compares in the newest common epoch, whichever epoch a description tells first and whoever came first', () => {
    const twin = { ...child, given: 'Rory', sex: 'M' };
    const [old, fresh] = [1, 2].map((epoch) => ({ epoch, secret: new Uint8Array(32).fill(epoch) }));
    // In the newer epoch it speaks of the twin: by that it is told, and not by what stands first.
    const newer = new SubjectTokeniser(fresh!).tokensOf(twin);
    const older = new SubjectTokeniser(old!).tokensOf(child);
    const inDisorder = packTokens({ ...older, previous: newer });
    const inOrder = packTokens(new SubjectTokeniser(fresh!, old).tokensOf(child));
    for (const [first, second] of [
      [inDisorder, inOrder],
      [inOrder, inDisorder],
    ] as const) {
      const index = new LinkIndex();
      const [one, other] = [index.admit(first), index.admit(second)];
      expect(one.links).toEqual([]);
      expect(index.conflicts(one, other)).toBe(true);
    }
  });

  it('answers nobody by what was decided of a description that is forgotten', () => {
    const index = new LinkIndex();
    const one = index.admit(tokensOf({}));
    const twin = index.admit(tokensOf({ given: 'Rory', sex: 'M' }));
    expect([index.conflicts(one, twin), index.conflicts(twin, one)]).toEqual([true, true]);
    index.release(twin);
    const stranger = index.admit(
      tokensOf({ given: 'Ada', family: 'Lind', birthDate: '2009-11-30', postcode: 'AB1 3CD' }),
    );
    expect(index.conflicts(one, stranger)).toBe(false);
  });

  it('finds no conflict between the tied, however many ties there are, until one is forgotten', () => {
    const index = new LinkIndex();
    const ways = Array.from({ length: 20 }, (_, nth) => tokensOf({ postcode: `G${nth + 1} 8QQ` }));
    const records = ways.map((tokens) => index.admit(tokens));
    for (const one of records)
      expect(records.filter((other) => other !== one && index.conflicts(one, other))).toEqual([]);
    index.release(records[7]!);
    expect(records[0]!.links.map(({ to }) => to)).not.toContain(records[7]);
    const again = index.admit(ways[7]!);
    expect(records.filter((one) => one !== records[7]).every((one) => !index.conflicts(one, again))).toBe(
      true,
    );
  });

  it('forgets a released description and its links', () => {
    const index = new LinkIndex();
    const before = index.admit(tokensOf({}));
    const after = index.admit(tokensOf({ postcode: 'G12 8QQ' }));
    index.release(before);
    expect(after.links).toEqual([]);
    expect(index.size).toBe(1);
    expect(index.admit(tokensOf({}))).not.toBe(before);
  });
});

describe('the table of tokens', () => {
  const keysOf = (token: string) => {
    const subject = new PackedSubject();
    subject.read(packTokens({ epoch: 1, tokens: { 'name-birth': [token] } }));
    subject.findKeys();
    return subject;
  };

  it('finds at most so many records by one token, and all of them in a table that grew', () => {
    const table = new MemoryTokenTable(8);
    const shared = keysOf('sharedsharedsharedshar');
    let found = 0;
    for (let record = 0; record < 3 * maxRecordsPerToken; record += 1) {
      const own = keysOf(String(record).padStart(10, '0').padEnd(22, 'x'));
      table.admit(own, record, () => expect.unreachable());
      found = 0;
      table.admit(shared, record, () => (found += 1));
    }
    expect(found).toBe(maxRecordsPerToken);
  });

  it('finds all records while it moves into larger tables, and forgets those that are removed meanwhile', () => {
    const table = new MemoryTokenTable(8);
    const tokens = Array.from({ length: 3_000 }, (_, nth) => keysOf(`t${nth}`.padEnd(22, '-')));
    const held = new Map<number, number[]>();
    let state = 7;
    const below = (most: number): number => (state = (state * 48_271) % 2_147_483_647) % most;
    for (let step = 0; step < 30_000; step += 1) {
      // More and more of them, and then fewer again.
      const token = below(Math.min(3_000, 1 + Math.floor(step / 5)));
      const holders = held.get(token) ?? [];
      const gone = holders.length > 2 || (step > 20_000 && holders.length > 0) ? holders.shift() : undefined;
      held.set(token, holders);
      if (gone !== undefined) {
        table.remove(tokens[token]!, gone);
        continue;
      }
      const found: number[] = [];
      table.admit(tokens[token]!, step, (other) => found.push(other));
      expect(found.sort((a, b) => a - b)).toEqual(holders);
      holders.push(step);
    }
  });

  it('finds after any admissions and removals just the records that are left', () => {
    const step = fc.record({ token: fc.nat(5), record: fc.nat(12) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new MemoryTokenTable(8);
        const held = new Map<number, number[]>();
        for (const { token, record } of steps) {
          const keys = keysOf(`token${token}`.padEnd(22, '-'));
          const holders = held.get(token) ?? [];
          if (holders.includes(record)) {
            table.remove(keys, record);
            held.set(
              token,
              holders.filter((holder) => holder !== record),
            );
          } else {
            const found: number[] = [];
            table.admit(keys, record, (other) => found.push(other));
            expect(found.sort()).toEqual(holders.toSorted());
            held.set(token, [...holders, record]);
          }
        }
      }),
    );
  });
});
