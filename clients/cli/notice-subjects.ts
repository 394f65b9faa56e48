/** Whom `causeway send` says that a notice is about. The details stay on this computer: only keyed tokens travel. */
import type { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
import { parseJsonInput, readInput, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { SubjectDetails } from '../sdk/linkage/subject.ts';
import { nearestName } from '../sdk/nearest-name.ts';

const maxBytes = 64 * 1024;

/**
 * Reads one person, or a list of them, and tells what is odd about the details: a reason to look again and never to
 * refuse.
 * @throws CausewayError `usage-invalid`, `request-malformed` with places and no values
 */
export async function readSubjects(file: string, terminal: Terminal): Promise<readonly SubjectDetails[]> {
  if (file === '-') throw usageError('--subjects needs the path of a file.');
  const [{ subjectListSchema, subjectDetailsSchema }, { checkSubject }, { tokenInputs }] = await Promise.all([
    import('../sdk/linkage/subject.ts'),
    import('../sdk/linkage/check-subject.ts'),
    import('../sdk/linkage/readings.ts'),
  ]);
  const value = parseJsonInput(file, await readInput(file, process.stdin, maxBytes));
  const parsed = subjectListSchema.min(1).safeParse([value].flat());
  if (!parsed.success) {
    const fields = Object.keys(subjectDetailsSchema.shape);
    throw new CausewayError('request-malformed', {
      detail: `${file}: ${wordsOf(parsed.error.issues, fields)}`,
    });
  }
  for (const [place, subject] of parsed.data.entries()) {
    const warnings: { field?: string; message: string }[] = [...checkSubject(subject)];
    if (tokenInputs(subject).length === 0) {
      warnings.push({
        message: 'nothing of it can be linked: that takes a name and a date of birth, or a number and a name',
      });
    }
    for (const { field, message } of warnings) {
      if (terminal.wantsJson) terminal.json({ type: 'subject-warning', subject: place + 1, field, message });
      else {
        const what = field === undefined ? message : `${field} ${message}`;
        terminal.hint(`look again: subject ${place + 1}: ${what}. That alone holds no notice back.`);
      }
    }
  }
  return parsed.data;
}

/** What is wrong and with which subject, counted from 1: never a value, nor a name that may be that of a person. */
function wordsOf(issues: readonly z.core.$ZodIssue[], fields: readonly string[]): string {
  const problems = issues.map((issue) => {
    const [place, field] = issue.path;
    if (typeof place !== 'number') {
      return issue.code === 'too_big' ? 'it names more subjects than a notice can' : 'it names nobody';
    }
    return `subject ${place + 1} ${whatIsWrong(issue, field, fields)}`;
  });
  return `${problems.join('; ')}.`;
}

function whatIsWrong(
  issue: z.core.$ZodIssue,
  field: PropertyKey | undefined,
  fields: readonly string[],
): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => unknownField(name, fields)).join(' and ');
  }
  if (field === undefined) return `is no object with fields such as ${fields.slice(0, 3).join(', ')}`;
  if (issue.code === 'custom') return `has a ${String(field)} with half a character (a lone surrogate)`;
  return `has a ${String(field)} that is ${issue.code === 'too_big' ? 'too long' : 'no text'}`;
}

/** A word that begins with a small letter: what programs call fields, and nobody a person. */
const fieldName = /^[a-z][\w-]{0,31}$/;

function unknownField(name: string, fields: readonly string[]): string {
  const nearest = nearestName(name.replaceAll(/[_-]/g, ''), fields);
  const named = fieldName.test(name) ? `the field ${name}, which is none` : 'a field that is none';
  return nearest === undefined
    ? `has ${named} of ${fields.join(', ')}`
    : `has ${named} of those known: is ${nearest} meant?`;
}
