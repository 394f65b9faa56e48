/** Health numbers: checked to warn, never to refuse, because a wrong digit still tells who may be meant. */

/** How a number fares: `ok`, or what is odd about it. */
export type NumberCheck = 'ok' | 'check-digit' | 'date' | 'form';

/** The digits of a ten-digit number, spaces and hyphens dropped; undefined when it is not one. */
export function readTenDigits(text: string): string | undefined {
  const digits = text.normalize('NFKD').replace(/[\s\p{Pd}.]/gu, '');
  // A leading zero is lost where a spreadsheet took the number for a quantity.
  const whole = /^\d{9}$/.test(digits) ? `0${digits}` : digits;
  return /^\d{10}$/.test(whole) && !/^(\d)\1*$/.test(whole) ? whole : undefined;
}

/** Modulus 11 with weights 10 to 2: 11 − (sum mod 11), 11 → 0; 10 has no digit. */
export function hasModulus11Digit(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < 9; at++) sum += Number(digits[at]) * (10 - at);
  const check = (11 - (sum % 11)) % 11;
  return check !== 10 && check === Number(digits[9]);
}

/** Checks an NHS number of England, Wales or the Isle of Man (NHS Data Dictionary). */
export function checkNhsNumber(text: string): NumberCheck {
  const digits = readTenDigits(text);
  if (digits === undefined) return 'form';
  return hasModulus11Digit(digits) ? 'ok' : 'check-digit';
}

/**
 * Checks a Community Health Index number: DDMMYY, two digits, a digit that is odd for males, a check digit. Newer
 * numbers may not follow Modulus 11, so `check-digit` is a reason to look again and no more.
 */
export function checkChiNumber(text: string): NumberCheck {
  const digits = readTenDigits(text);
  if (digits === undefined) return 'form';
  const [day, month] = [Number(digits.slice(0, 2)), Number(digits.slice(2, 4))];
  if (day < 1 || day > 31 || month < 1 || month > 12) return 'date';
  return hasModulus11Digit(digits) ? 'ok' : 'check-digit';
}
