/** Whom `causeway send` says that a notice is about. The details stay on this computer: only keyed tokens travel. */
import type { z } from 'zod';
import { CausewayError } from '../../protocol/errors.ts';
import { parseJsonInput, readInput, usageError } from '../../terminal/input.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { SubjectDetails } from '../sdk/linkage/subject.ts';

const maxBytes = 64 * 1024;

/**
 * Reads one person, or a list of them, and tells what is odd about their numbers and dates: a reason to look again and
 * never to refuse.
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
    throw new CausewayError('request-malformed', { detail: wordsOf(parsed.error.issues, fields) });
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
        terminal.hint(`look again: subject ${place + 1}: ${what}. The notice goes out all the same.`);
      }
    }
  }
  return parsed.data;
}

/** What is wrong and with which subject, counted from 1: never a value, nor a name that should not be there. */
function wordsOf(issues: readonly z.core.$ZodIssue[], fields: readonly string[]): string {
  const problems = issues.map(({ code, path: [place, field], message }) => {
    if (typeof place !== 'number') return message;
    const what =
      code === 'unrecognized_keys'
        ? `has a field that is none of ${fields.join(', ')}`
        : `${field === undefined ? '' : `${String(field)}: `}${message}`;
    return `subject ${place + 1} ${what}`;
  });
  return `${problems.join('; ')}.`;
}
