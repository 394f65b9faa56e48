import { describe, expect, it } from 'vitest';
import { SubjectTokeniser } from '../../../clients/sdk/linkage/subject-tokens.ts';
import { LinkIndex } from '../../../gateway/correlator/link-index.ts';
import { maxRecordsPerToken, MemoryTokenTable } from '../../../gateway/correlator/token-table.ts';
import { readTokenKeys } from '../../../gateway/correlator/token-keys.ts';

const tokeniser = new SubjectTokeniser({ epoch: 1, secret: new Uint8Array(32).fill(3) });
const child = { given: 'Isla', family: 'Nowak', birthDate: '2018-03-09', sex: 'F', postcode: 'ML1 2AB' };
const tokensOf = (details: Partial<typeof child>) => tokeniser.tokensOf({ ...child, ...details });

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
  it('finds at most so many records by one token, and all of them in a table that grew', () => {
    const table = new MemoryTokenTable(8);
    const shared = readTokenKeys(['sharedsharedsharedsha']);
    let found = 0;
    for (let record = 0; record < 3 * maxRecordsPerToken; record += 1) {
      table.admit(readTokenKeys([`own${String(record).padStart(19, 'x')}`]), record, () => undefined);
      found = 0;
      table.admit(shared, record, () => (found += 1));
    }
    expect(found).toBe(maxRecordsPerToken);
  });
});
