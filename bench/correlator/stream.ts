/** The benchmark's files: a stream of notices with the details that an SDK would turn into tokens, and the truth. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const detail = z.string().nullish();

const lineSchema = z.object({
  id: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  arrived: z.iso.datetime({ offset: true }),
  source: z.string().min(1),
  category: z.string().min(1),
  severity: z.string(),
  subject: z.object({
    given: detail,
    family: detail,
    birthDate: detail,
    sex: detail,
    postcode: detail,
    chi: detail,
  }),
  /** How many subjects the notice names. */
  subjects: z.int().min(1).optional(),
});

export type StreamLine = z.infer<typeof lineSchema>;

const truthSchema = z.array(
  z.object({
    /** A pattern's id, file name or title. */
    pattern: z.string(),
    subjectKey: z.union([z.string(), z.number()]),
    events: z.array(z.string()).min(1),
    completedBy: z.string(),
  }),
);

/** Something that really happened to one child, and that a pattern should tell. */
export type Episode = z.infer<typeof truthSchema>[number];

/**
 * Reads NDJSON, in the order of arrival where it is as it should be: another order is told and makes no difference to
 * the alerts.
 * @throws Error naming the line that cannot be read
 */
export function readStream(file: string, warn: (words: string) => void): StreamLine[] {
  let latest = -Infinity;
  let late: string | undefined;
  const notices = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return [];
      const place = `${file}:${index + 1}`;
      const notice = parseLine(line, place);
      const arrived = Date.parse(notice.arrived);
      if (arrived < latest) late ??= place;
      latest = Math.max(latest, arrived);
      return [notice];
    });
  if (notices.length === 0) throw new Error(`${file}: there are no notices; each is a line of JSON`);
  if (late !== undefined) warn(`${late} arrived before a line above it`);
  return notices;
}

/** An episode that names notices of another stream is told, and will not be found. */
export function readTruth(
  file: string,
  stream: readonly StreamLine[],
  warn: (words: string) => void,
): Episode[] {
  const ids = new Set(stream.map(({ id }) => id));
  const truth = check(truthSchema, readFileSync(file, 'utf8'), file);
  const strange = truth.filter(({ events, completedBy }) =>
    [...events, completedBy].some((id) => !ids.has(id)),
  );
  if (strange.length > 0)
    warn(`${file}: ${strange.length} of ${truth.length} episodes name notices that are not in the stream`);
  return truth;
}

function parseLine(line: string, place: string): StreamLine {
  return check(lineSchema, line, place);
}

function check<S extends z.ZodType>(schema: S, text: string, place: string): z.infer<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${place}: this is not JSON`);
  }
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'the whole' : issue.path.join('.');
  throw new Error(`${place}: ${field} ${issue === undefined ? 'is not as expected' : wordsOf(issue)}`);
}

/** What is expected of a field, in words of ours. */
function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing or empty'
        : `must be ${kinds[issue.expected] ?? 'of another kind'}`;
    case 'invalid_union':
      return 'must be a text or a number';
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be ${String(issue.minimum)} or more`
        : 'is empty';
    case 'invalid_format':
      return 'must be a time such as 2026-11-23T09:30:00Z';
    default:
      return 'is not as expected';
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  object: 'an object',
  array: 'a list',
};
