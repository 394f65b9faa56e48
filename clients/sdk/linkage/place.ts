/** Where a person lives: a postcode, and a house in a street. */
import { readWords } from './words.ts';

const ukPostcode = /^(?:GIR0AA|[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2})$/;

/**
 * A postcode in capitals without spaces, or undefined when it stands for no place: `ZZ99…` and `XX99…` are codes
 * for "no fixed abode", "not known" and "abroad".
 */
export function readPostcode(text: string): string | undefined {
  const plain = text
    .normalize('NFKD')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
  if (plain.length < 3 || /^(?:ZZ|XX)99/.test(plain) || /^(.)\1*$/.test(plain)) return undefined;
  return plain;
}

/** True for a United Kingdom unit postcode, which stands for some fifteen addresses. */
export function isUkPostcode(postcode: string): boolean {
  return ukPostcode.test(postcode);
}

const shortened: Readonly<Record<string, string>> = {
  st: 'street',
  str: 'street',
  rd: 'road',
  ave: 'avenue',
  av: 'avenue',
  ln: 'lane',
  cl: 'close',
  cres: 'crescent',
  cr: 'crescent',
  ct: 'court',
  crt: 'court',
  dr: 'drive',
  gdns: 'gardens',
  gdn: 'gardens',
  gr: 'grove',
  pl: 'place',
  sq: 'square',
  ter: 'terrace',
  terr: 'terrace',
  pk: 'park',
};

/** The first number of an address line and its first street words, or undefined when either is missing. */
export function readHouse(line: string): string | undefined {
  const number = /(?:^|[^\p{L}\p{N}])(\d{1,5}[a-z]?)(?![\p{L}\p{N}])/iu.exec(line.normalize('NFKD'));
  if (number?.[1] === undefined) return undefined;
  const street = readWords(line.slice(number.index + number[0].length))
    .flat()
    .map((word) => shortened[word] ?? word)
    .filter((word) => word.length > 1)
    .slice(0, 3);
  if (street.length === 0) return undefined;
  return `${number[1].toLowerCase()} ${street.join(' ')}`;
}
