import { expect, it } from 'vitest';
import type { Link, LinkRecord } from '../../../gateway/correlator/linker.ts';
import { surest } from '../../../gateway/correlator/sureness.ts';

const school = 1;
const police = 2;

/** Possible links to descriptions of one agency each, each with so many kinds of token. */
function linksOf(agency: number, count: number, kinds: number): [Link, number][] {
  return Array.from({ length: count }, (_, nth) => {
    const to: LinkRecord = { fingerprint: `${agency}-${nth}`, itself: undefined, links: [] };
    return [
      { to, tier: 'possible', types: Array.from({ length: kinds }, (_, kind) => `kind-${kind}`) },
      agency,
    ];
  });
}

it('what one agency describes in ever more ways keeps no other’s descriptions from being searched', () => {
  const given = [...linksOf(school, 40, 9), ...linksOf(police, 2, 1)];
  const agencyOf = new Map(given.map(([{ to }, agency]) => [to, agency]));
  const links = given.map(([link]) => link);
  const taken = surest(links, (record) => new Set([agencyOf.get(record) ?? 0]));
  const count = (agency: number) => taken.filter(({ to }) => agencyOf.get(to) === agency).length;
  expect(count(police)).toBe(2);
  expect(count(school)).toBe(8);
  expect(taken).toEqual(links.filter((link) => taken.includes(link)));
});

it('what is certain is searched however much there is of it', () => {
  const links = linksOf(school, 40, 1).map(([link]): Link => ({ ...link, tier: 'same' }));
  expect(surest(links, () => new Set([school]))).toEqual(links);
});
