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

/** Reads NDJSON. @throws Error naming the line that is not as it should be */
export function readStream(file: string): StreamLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : parseLine(line, `${file}:${index + 1}`)));
}

export function readTruth(file: string): Episode[] {
  return check(truthSchema, readFileSync(file, 'utf8'), file);
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
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${place}: ${z.prettifyError(result.error)}`);
}
