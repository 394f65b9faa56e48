/** Synthetic children in households: siblings and twins share surname and address. */
import { Seeded } from '../seeded.ts';
import { boys, girls, surnames } from './names.ts';

export type Child = {
  readonly key: string;
  readonly given: string;
  readonly family: string;
  /** The other surname of the family, which some agencies know the child by. */
  readonly otherFamily: string;
  readonly birthDate: string;
  readonly sex: 'F' | 'M';
  readonly postcode: string;
  /** Where the child lives, or lived, in the eyes of those who have not heard of the move. */
  readonly otherPostcode: string;
  readonly chi: string;
  /** The household, for finding siblings. */
  readonly household: number;
  readonly twin: string | undefined;
};

const dayMs = 86_400_000;
const twinShare = 0.04;
const youngest = Date.parse('2025-12-31');
const oldestDays = 16 * 365;

/** Makes households until there are enough children. */
export function makeChildren(count: number, chance: Seeded): Child[] {
  const children: Child[] = [];
  const chis = new Set<string>();
  for (let household = 0; children.length < count; household += 1) {
    const family = chance.pickSkewed(surnames);
    const shared = {
      family,
      otherFamily: chance.pickSkewed(surnames),
      postcode: postcode(chance),
      otherPostcode: postcode(chance),
      household,
    };
    let born = youngest - chance.between(0, oldestDays) * dayMs;
    const size = 1 + Math.min(4, Math.floor(chance.exponential(1)));
    const names = new Set<string>();
    for (let number = 0; number < size; number += 1) {
      const first = child(shared, born, names, chance, chis, children.length, undefined);
      const isTwin = chance.chance(twinShare / 2);
      if (!isTwin) children.push(first);
      else {
        const second = child(shared, born, names, chance, chis, children.length + 1, first.key);
        children.push({ ...first, twin: second.key }, second);
      }
      born -= chance.between(320, 1500) * dayMs;
    }
  }
  return children.slice(0, count);
}

function child(
  shared: Pick<Child, 'family' | 'otherFamily' | 'postcode' | 'otherPostcode' | 'household'>,
  born: number,
  names: Set<string>,
  chance: Seeded,
  chis: Set<string>,
  number: number,
  twin: string | undefined,
): Child {
  const sex = chance.chance(0.5) ? 'F' : 'M';
  let given = chance.pickSkewed(sex === 'F' ? girls : boys);
  while (names.has(given)) given = chance.pickSkewed(sex === 'F' ? girls : boys);
  names.add(given);
  const birthDate = new Date(born).toISOString().slice(0, 10);
  let chi = makeChi(birthDate, sex, chance);
  while (chis.has(chi)) chi = makeChi(birthDate, sex, chance);
  chis.add(chi);
  return { key: `c${number}`, given, birthDate, sex, chi, twin, ...shared };
}

/** DDMMYY, two digits, a digit that is odd for boys, and the check digit (Mod 11). */
function makeChi(birthDate: string, sex: 'F' | 'M', chance: Seeded): string {
  const [year = '', month = '', day = ''] = birthDate.split('-');
  for (;;) {
    const ninth = 2 * chance.below(5) + (sex === 'M' ? 1 : 0);
    const stem = `${day}${month}${year.slice(2)}${String(chance.below(100)).padStart(2, '0')}${ninth}`;
    const sum = Array.from(stem).reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
    const check = (11 - (sum % 11)) % 11;
    if (check < 10) return `${stem}${check}`;
  }
}

function postcode(chance: Seeded): string {
  const letters = Array.from('ABDEFGHJLNPQRSTUWXYZ');
  const end = chance.pick(letters) + chance.pick(letters);
  return `ML${1 + chance.below(12)} ${chance.below(10)}${end}`;
}
