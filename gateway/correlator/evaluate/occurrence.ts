/** Something that a correlation counts, and the values of its fields. */
import { fieldOf, type CorrelatorEvent } from '../event.ts';
import type { Correlation, FieldRef } from '../patterns/pattern.ts';

/** An event, or a match of a correlation that it is built on. */
export type Occurrence = {
  readonly time: number;
  /** The event whose fields stand for it: the last one of a chained match. */
  readonly event: CorrelatorEvent;
  readonly events: readonly CorrelatorEvent[];
  /** Places in `rules` of those that matched. */
  readonly rules: readonly number[];
};

/** A field's value for an occurrence; an alias stands for another field in each rule. */
export function valueOf(
  { rules: places, event }: Occurrence,
  field: FieldRef,
  { rules }: Correlation,
): string | undefined {
  if (typeof field === 'string') return fieldOf(event, field);
  for (const place of places) {
    const rule = rules[place];
    const meaning = rule === undefined ? undefined : field.get(rule);
    if (meaning !== undefined) return fieldOf(event, meaning);
  }
  return undefined;
}

/** The values of several fields together; `undefined` where any is missing. */
export function tupleOf(
  occurrence: Occurrence,
  fields: readonly FieldRef[],
  correlation: Correlation,
): string | undefined {
  const [only] = fields;
  if (only !== undefined && fields.length === 1) return valueOf(occurrence, only, correlation);
  const values: string[] = [];
  for (const field of fields) {
    const value = valueOf(occurrence, field, correlation);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values.join('\n');
}
