/** What is odd about a person's details: worth a second look, and never a reason to refuse. */
import { readBirthDate } from './birth-date.ts';
import { checkChiNumber, checkNhsNumber, readTenDigits } from './identifiers.ts';
import { isUkPostcode } from './place.ts';
import { isSexUnstated, readSex } from './sex.ts';
import type { SubjectDetails } from './subject.ts';

/** A field and what is odd about it, in words that hold no value. */
export type SubjectWarning = { readonly field: keyof SubjectDetails; readonly message: string };

const explanations = {
  form: 'is not a number of ten digits',
  date: 'does not begin with a date',
  'check-digit': 'has another check digit than Modulus 11 gives',
} as const;

/** A child that is expected may have the date of its birth ahead of it. */
const expectedMs = 300 * 24 * 3_600_000;

/** Looks at numbers, dates and the postcode. @param now ms since 1970 */
export function checkSubject(subject: SubjectDetails, now: number = Date.now()): SubjectWarning[] {
  const warnings: SubjectWarning[] = [];
  const warn = (field: keyof SubjectDetails, message: string): void => void warnings.push({ field, message });
  const chi = subject.chi === undefined ? 'ok' : checkChiNumber(subject.chi);
  if (chi !== 'ok') warn('chi', explanations[chi]);
  const nhs = subject.nhsNumber === undefined ? 'ok' : checkNhsNumber(subject.nhsNumber);
  if (nhs !== 'ok') warn('nhsNumber', explanations[nhs]);
  if (subject.postcode !== undefined && !isUkPostcode(subject.postcode))
    warn('postcode', 'is none of the United Kingdom');
  const birth = subject.birthDate === undefined ? undefined : readBirthDate(subject.birthDate);
  if (subject.birthDate !== undefined && birth === undefined) warn('birthDate', 'is not a date');
  if (birth !== undefined) {
    const day = Date.UTC(birth.year, (birth.month ?? 1) - 1, birth.day ?? 1);
    const isStated = (subject.birthDate ?? '').replace(/\D/g, '').length > 6;
    const isDay = birth.day !== undefined && new Date(day).getUTCDate() === birth.day;
    if (isStated && !isDay) warn('birthDate', 'is no day of the calendar');
    if (day > now + expectedMs) warn('birthDate', 'lies in the future');
  }
  const digits = readTenDigits(subject.chi ?? '');
  if (digits !== undefined && chi !== 'date' && birth?.month !== undefined && birth.day !== undefined) {
    const stated = [birth.day, birth.month, birth.year % 100]
      .map((part) => String(part).padStart(2, '0'))
      .join('');
    if (!digits.startsWith(stated)) warn('chi', 'begins with another date than the date of birth');
  }
  const sex = readSex(subject.sex ?? '');
  if (sex === undefined && !isSexUnstated(subject.sex ?? ''))
    warn('sex', 'is not read: write F or M, or leave it out');
  if (digits !== undefined && sex !== undefined && (Number(digits[8]) % 2 === 1) !== (sex === 'M')) {
    warn('chi', 'has a ninth digit of the other sex');
  }
  return warnings;
}
