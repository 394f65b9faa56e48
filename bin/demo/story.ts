/** The demonstration's story, read from `demo/`: who takes part, what they tell each other, and who is cut off when. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CausewayError, errorCodes } from '../../protocol/errors.ts';
import { endpointAddressSchema, slugSchema } from '../../protocol/ids.ts';
import { subjectDetailsSchema } from '../../clients/sdk/linkage/subject.ts';
import { describeIssues } from '../../protocol/wire/describe-issues.ts';
import { dataschemaSchema, severitySchema } from '../../protocol/wire/envelope.ts';

const folder = new URL('../../demo/', import.meta.url);

const endpointsSchema = z.array(
  z.strictObject({ address: endpointAddressSchema, title: z.string(), roles: z.array(slugSchema) }),
);

const noticeMembersSchema = z.strictObject({
  /** One sentence. */
  story: z.string().regex(/^[^\n]+\.$/),
  from: endpointAddressSchema,
  to: z.array(endpointAddressSchema).min(1),
  category: slugSchema,
  severity: severitySchema,
  purpose: slugSchema,
  basis: slugSchema,
  dataschema: dataschemaSchema.optional(),
  /** Whom it is about, for the tokens; the content says it as well, to its recipients alone. */
  subjects: z.array(subjectDetailsSchema).optional(),
  content: z.unknown().optional(),
  text: z.string().optional(),
  /** File name of an earlier notice. */
  inReplyTo: z.string().optional(),
  /** The code with which the gateway must refuse it. */
  expect: z.enum(errorCodes).optional(),
  delayMs: z.int().min(0).max(5_000).optional(),
});

const noticeSchema = noticeMembersSchema.refine(
  ({ text, content, dataschema }) =>
    (text === undefined) === (content !== undefined) &&
    (content === undefined) === (dataschema === undefined),
  'must have either text, or content with its dataschema',
);

const plotSchema = z.strictObject({
  cutOff: z.strictObject({
    endpoint: endpointAddressSchema,
    /** The endpoint loses its connection before this notice, and has it again before that one. */
    before: z.string(),
    backBefore: z.string(),
  }),
});

export type DemoNotice = z.infer<typeof noticeSchema> & { readonly file: string };

export type Story = {
  readonly endpoints: z.infer<typeof endpointsSchema>;
  readonly notices: readonly DemoNotice[];
  readonly cutOff: z.infer<typeof plotSchema>['cutOff'];
};

/** Reads and checks the story. @throws CausewayError `configuration-invalid`, with the file */
export async function readStory(): Promise<Story> {
  const files = (await readdir(new URL('notices/', folder))).filter((name) => name.endsWith('.json')).sort();
  const notices = await Promise.all(
    files.map(async (file) => ({ file, ...(await readChecked(`notices/${file}`, noticeSchema)) })),
  );
  const { cutOff } = await readChecked('story.json', plotSchema);
  return { endpoints: await readChecked('endpoints.json', endpointsSchema), notices, cutOff };
}

async function readChecked<T>(name: string, schema: z.ZodType<T>): Promise<T> {
  const path = fileURLToPath(new URL(name, folder));
  const result = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (result.success) return result.data;
  const { detail, problems } = describeIssues(result.error);
  throw new CausewayError('configuration-invalid', { detail: `${path}: ${detail}`, problems });
}
