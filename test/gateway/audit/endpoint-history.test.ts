import { describe, expect, it } from 'vitest';
import { EndpointHistory } from '../../../gateway/audit/endpoint-history.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';

const duty = 'north-lanarkshire-social-work/duty' as EndpointAddress;
const noon = Date.parse('2026-11-30T12:00:00Z');
const dayMs = 86_400_000;

type Happened = readonly [kind: string, tokenDigest?: string, day?: number];

/** The leaves of the enrolments for which no token was in force; tokens last for a day, and leaves count from 0. */
function unpermittedOf(...happened: readonly Happened[]): readonly number[] {
  const history = new EndpointHistory();
  for (const [index, [kind, tokenDigest, day = 0]] of happened.entries()) {
    const at = noon + day * dayMs;
    const isOpen = kind.startsWith('endpoint.');
    const leaf = JSON.stringify({ kind, at, ...(isOpen && { endpoint: duty, entry: 'a digest' }) });
    const expires = new Date(at + dayMs).toISOString();
    const entry = { kind, endpoint: duty, ...(tokenDigest && { tokenDigest }), expires };
    history.take({ index, at, leaf, entry, erased: false });
  }
  expect(new Set(history.unpermitted.map(({ endpoint }) => endpoint)).size).toBeLessThan(2);
  return history.unpermitted.map(({ leaf }) => leaf);
}

const permitted = (...more: [string?, number?]): Happened => ['enrolment.permitted', ...more];
const enrolled = (...more: [string?, number?]): Happened => ['endpoint.enrolled', ...more];
const withdrawn: Happened = ['enrolment.withdrawn'];

describe('the history of an endpoint', () => {
  it('finds nothing amiss where each enrolment used the token that was issued last', () => {
    expect(unpermittedOf(permitted('A'), enrolled('A'), permitted('B'), enrolled('B'))).toEqual([]);
  });

  it('names an enrolment by a token that was used before, and not the one by the token that was issued since', () => {
    expect(
      unpermittedOf(permitted('A'), enrolled('A'), permitted('B'), enrolled('A'), enrolled('B')),
    ).toEqual([3]);
    expect(unpermittedOf(permitted('A'), enrolled('A'), permitted('B'), enrolled('A'))).toEqual([3]);
  });

  it('names an enrolment by a token that was taken back, or replaced by another', () => {
    expect(unpermittedOf(permitted('A'), withdrawn, enrolled('A'))).toEqual([2]);
    expect(unpermittedOf(permitted('A'), permitted('B'), enrolled('A'))).toEqual([2]);
    expect(unpermittedOf(withdrawn, permitted('A'), enrolled('A'))).toEqual([]);
  });

  it('judges leaves that do not say which token it was by whether one was in force, and for how long', () => {
    expect(unpermittedOf(permitted(), enrolled())).toEqual([]);
    expect(unpermittedOf(permitted(), enrolled(), enrolled())).toEqual([2]);
    expect(unpermittedOf(permitted(), withdrawn, enrolled())).toEqual([2]);
    expect(unpermittedOf(permitted(), enrolled('', 2))).toEqual([1]);
    // A token that was issued before the gateway was replaced by this version, and used after.
    expect(unpermittedOf(permitted(), enrolled('A'))).toEqual([]);
  });

  it('tells which leaf about the entry is the newest, and of none where there is none', () => {
    const history = new EndpointHistory();
    for (const index of [4, 9]) {
      const leaf = JSON.stringify({ kind: 'endpoint.renewed', at: noon, endpoint: duty, entry: 'a digest' });
      history.take({ index, at: noon, leaf, entry: { kind: 'endpoint.renewed' }, erased: false });
    }
    expect([history.newestOf(duty), history.newestOf('council/x' as EndpointAddress)]).toEqual([
      9,
      undefined,
    ]);
  });
});
