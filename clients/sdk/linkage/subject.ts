/** A person as an application describes them to the SDK. None of it leaves this process. */
import { z } from 'zod';

// Half of a surrogate pair has no UTF-8: its tokens would be those of another character.
const text = z
  .string()
  .max(400)
  .refine((words) => words.isWellFormed(), 'must be whole Unicode characters');

export const subjectDetailsSchema = z.strictObject({
  /** Forename, or all forenames. Left out for an unborn or unnamed child. */
  given: text.optional(),
  family: text.optional(),
  /** `YYYY-MM-DD`, or the part that is known: `YYYY-MM`. */
  birthDate: text.optional(),
  sex: text.optional(),
  postcode: text.optional(),
  /** House number and street. */
  address: text.optional(),
  /** Community Health Index number. */
  chi: text.optional(),
  /** NHS number. */
  nhsNumber: text.optional(),
  /** A number that all agencies of the agreement know, of another kind. */
  localId: text.optional(),
});
/** Whom one notice is about. */
export const subjectListSchema = subjectDetailsSchema.array().max(16);
export type SubjectDetails = z.infer<typeof subjectDetailsSchema>;
