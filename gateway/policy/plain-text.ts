/** Words for people in the sharing agreement, which come to stand in many lists and on many screens. */
import { z } from 'zod';
import { showableLine } from '../../protocol/showable-text.ts';

/** One line, without characters that play with a screen. */
export function plainTextSchema(maxCharacters: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxCharacters)
    .refine((text) => showableLine(text) === text, 'must be one line without control characters');
}
