/** Registers in the form of FEBRL: one person a line, the truth in `rec_id`. */
import { readFileSync } from 'node:fs';
import type { SubjectDetails } from '../../clients/sdk/linkage/subject.ts';

/** A line of a register: who it is in truth, its columns by our names, and what the SDK would be told. */
export type RegisterRecord = {
  readonly id: string;
  readonly entity: string;
  readonly subject: SubjectDetails;
  /** Where a register states them, as our own do; empty otherwise. */
  readonly origin: string;
  readonly household: string;
};

/** Our name of a column → the names it may have. */
const columnNames = {
  id: ['rec_id', 'recid', 'id', 'record_id'],
  given: [
    'given_name',
    'givenname',
    'forename',
    'first_name',
    'firstname',
    'given',
    'forenames',
    'given_names',
  ],
  family: ['surname', 'family_name', 'familyname', 'last_name', 'lastname', 'family'],
  birthDate: ['date_of_birth', 'birth_date', 'birthdate', 'dob', 'dateofbirth'],
  sex: ['sex', 'gender'],
  houseNumber: ['street_number', 'house_number', 'house_no', 'number', 'house'],
  street: [
    'address_1',
    'address1',
    'address',
    'street',
    'address_line_1',
    'street_name',
    'addr1',
    'address_line1',
  ],
  postcode: ['postcode', 'post_code', 'zip', 'postal_code'],
  chi: ['chi', 'chi_number', 'chi_no', 'chinumber'],
  nhsNumber: ['nhs', 'nhs_number', 'nhs_no', 'nhsnumber'],
  localId: ['soc_sec_id', 'ssn', 'upn', 'identifier', 'local_id', 'person_id', 'id_number'],
  origin: ['origin'],
  household: ['household', 'household_id'],
} as const;
type Column = keyof typeof columnNames;

/** @throws Error naming the file, the line where one is at fault, and what is expected */
export function readRegister(
  file: string,
  options: { withIds: boolean; warn?: (words: string) => void },
): RegisterRecord[] {
  return parseRegister(readFileSync(file, 'utf8'), { ...options, file });
}

/**
 * Reads a register's text. What is only strange, short lines and a `rec_id` that comes twice, is told.
 * @throws Error naming `file`, the line where one is at fault, and what is expected
 */
export function parseRegister(
  text: string,
  options: { withIds: boolean; file: string; warn?: (words: string) => void },
): RegisterRecord[] {
  const { withIds, file, warn } = options;
  const [first, ...lines] = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ line, place: `${file}:${index + 1}` }))
    .filter(({ line }) => line.trim() !== '');
  const header = first === undefined ? [] : splitLine(first).map((name) => name.toLowerCase());
  const columns = new Map<Column, number>();
  for (const [column, names] of Object.entries(columnNames) as [Column, readonly string[]][]) {
    const at = header.findIndex((name) => names.includes(name));
    if (at >= 0) columns.set(column, at);
  }
  if (!columns.has('id')) {
    throw new Error(`${file}: the register has no column rec_id; its first line must name the columns`);
  }
  if (lines.length === 0) throw new Error(`${file}: there are no records below the names of the columns`);
  const places = new Map<string, string>();
  const strange: string[] = [];
  const records = lines.map((line) => {
    const { place } = line;
    const values = splitLine(line);
    if (values.length < header.length) {
      strange.push(`${place}: ${values.length} columns, where the first line names ${header.length}`);
    }
    const id = values[columns.get('id') ?? -1] ?? '';
    const earlier = places.get(id);
    if (earlier !== undefined) strange.push(`${place}: the rec_id ${id} is that of ${earlier} too`);
    places.set(id, place);
    return recordOf(values, columns, { withIds, place });
  });
  if (strange[0] !== undefined && warn !== undefined) {
    warn(strange.length === 1 ? strange[0] : `${strange[0]}, and ${strange.length - 1} lines more`);
  }
  return records;
}

function recordOf(
  values: readonly string[],
  columns: ReadonlyMap<Column, number>,
  { withIds, place }: { withIds: boolean; place: string },
): RegisterRecord {
  const field = (column: Column): string => values[columns.get(column) ?? -1] ?? '';
  const id = field('id');
  const entity = /(\d+)/.exec(id)?.[1];
  if (entity === undefined) throw new Error(`${place}: a rec_id with a number is expected, not '${id}'`);
  const line = `${field('houseNumber')} ${field('street')}`.trim();
  const subject: Record<string, string> = {};
  const put = (name: keyof SubjectDetails, value: string): void => {
    if (value !== '') subject[name] = value;
  };
  put('given', field('given'));
  put('family', field('family'));
  put('birthDate', field('birthDate'));
  put('sex', field('sex'));
  put('postcode', field('postcode'));
  put('address', line);
  if (withIds) for (const name of ['chi', 'nhsNumber', 'localId'] as const) put(name, field(name));
  return { id, entity, subject, origin: field('origin'), household: field('household') };
}

type PlacedLine = { readonly line: string; readonly place: string };

/**
 * Splits at commas, with double quotes as in RFC 4180 and spaces around the commas dropped.
 * @throws Error for a quote that does not end where its column does
 */
function splitLine({ line, place }: PlacedLine): string[] {
  const form = /\s*(?:"((?:[^"]|"")*)"\s*|(?!\s*")([^,]*))(,|$)/y;
  const values: string[] = [];
  for (;;) {
    const match = form.exec(line);
    if (match === null) {
      throw new Error(`${place}: column ${values.length + 1} begins with a quote that does not end with it`);
    }
    const [, quoted, plain = '', end] = match;
    values.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if (end === '') return values;
  }
}
