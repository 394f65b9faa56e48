/** What a schema wanted, in plain words: for whoever has to mend a file, a document or a call. */
import type { z } from 'zod';

/** The words that zod itself would use, where the schema has none of its own. */
const ownWordsOfZod = /^(?:Invalid|Too|Unrecognized) /;

const kinds: Readonly<Record<string, string>> = {
  string: 'must be text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must have fields of its own',
  record: 'must have fields of its own',
};

/** The issue in words that follow the name of a field: "must be a number". The schema's own words where it has some. */
export function wordsOfIssue(issue: z.core.$ZodIssue): string {
  if (!ownWordsOfZod.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      if (issue.message.endsWith('received undefined')) return 'is missing';
      return kinds[issue.expected] ?? 'does not have the right form';
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return wordsOfBound(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return wordsOfBound(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    default:
      return 'does not have the right form';
  }
}

function wordsOfBound(origin: string, bound: number | bigint, side: string): string {
  const units: Readonly<Record<string, string>> = { string: 'characters', array: 'entries', set: 'entries' };
  const unit = units[origin];
  if (unit === undefined) return `must be ${side} ${bound}`;
  return bound === 1 && side === 'at least' ? 'must not be empty' : `must have ${side} ${bound} ${unit}`;
}
