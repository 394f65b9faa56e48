/** Where a person lives: a postcode, and a house in a street. */
import { readWords } from './words.ts';

const ukPostcode = /^(?:GIR0AA|[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2})$/;

/**
 * A postcode in capitals without spaces, or undefined when it stands for no place: `ZZ99…` and `XX99…` are codes
 * for "no fixed abode", "not known" and "abroad".
 */
export function readPostcode(text: string): string | undefined {
  const plain = lettersAndDigits(text);
  if (plain.length < 3 || /^(?:ZZ|XX)99/.test(plain) || /^(.)\1*$/.test(plain)) return undefined;
  return plain;
}

/** Whether a postcode has the form of those of the United Kingdom, codes for no place included. */
export function isUkPostcode(text: string): boolean {
  return ukPostcode.test(lettersAndDigits(text));
}

function lettersAndDigits(text: string): string {
  return text
    .normalize('NFKD')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
}

/** The outward half of a United Kingdom postcode, `ML3` of `ML3 0AB`; undefined for any other. */
export function readDistrict(postcode: string): string | undefined {
  return ukPostcode.test(postcode) ? postcode.slice(0, -3) : undefined;
}

/** A house by its number and the first letters of its street, and the street alone by a few more. */
export type House = { readonly house: string | undefined; readonly street: string | undefined };

const houseLetters = 4;
const streetLetters = 6;

/** Reads an address line. First letters, because most errors and all abbreviations come later. */
export function readHouse(line: string): House {
  const number = /(?:^|[^\p{L}\p{N}])(\d{1,5}[a-z]?)(?![\p{L}\p{N}])/iu.exec(line.normalize('NFKD'));
  const rest = number === null ? line : line.slice(number.index + number[0].length);
  const street = readWords(rest).flat().join('');
  if (street.length < houseLetters) return { house: undefined, street: undefined };
  return {
    house: number?.[1] && `${number[1].toLowerCase()} ${street.slice(0, houseLetters)}`,
    street: street.slice(0, streetLetters),
  };
}
