/** What the story of a case says of alerts: why one was raised, who was reminded of it, and what people made of it. */
import { z } from 'zod';
import { catalogue, errorCodes, type ErrorCode } from '../../protocol/errors.ts';
import type { RecordEntry } from '../store/port.ts';
import { capital, listInWords, type Teller } from './story-teller.ts';
import { momentOf } from './story-time.ts';

/** What matters here of the bodies that `correlator/alert-record.ts` and `alerts/` write. */
const alertSchema = z.object({
  kind: z.enum(['alert.raised', 'alert.unsent']),
  title: z.string(),
  version: z.int(),
  level: z.string(),
  tier: z.enum(['same', 'possible']),
  dispositionBy: z.int(),
  events: z.array(z.string()),
  agencies: z.array(z.string()),
  code: z.string().optional(),
  tries: z.int().optional(),
});
type Alert = z.infer<typeof alertSchema>;

const overdueSchema = z.object({
  kind: z.literal('alert.overdue'),
  dispositionBy: z.int(),
  recipients: z.array(z.string()),
  reminded: z.array(z.string()).optional(),
});

const answers = {
  acted: 'it was right, and something was done because of it',
  known: 'it was right, and known and in hand',
  'not-this-child': 'the notices do not speak of one child',
  'no-concern': 'they speak of one child, and there is no cause for concern',
} as const;
const disposedSchema = z.object({
  kind: z.literal('alert.disposed'),
  source: z.string(),
  disposition: z.enum(['acted', 'known', 'not-this-child', 'no-concern'] satisfies (keyof typeof answers)[]),
});

const schema = z.union([alertSchema, overdueSchema, disposedSchema]);

/** @returns undefined for an entry of another form */
export function alertSentence(entry: RecordEntry, tell: Teller): string | undefined {
  const body = schema.safeParse(entry).data;
  switch (body?.kind) {
    case 'alert.raised':
      return `An alert was raised by the pattern ${patternOf(body)}: ${evidence(body, tell)}. An answer was wanted by ${momentOf(body.dispositionBy)}.`;
    case 'alert.unsent':
      return `An alert of the pattern ${patternOf(body)} reached nobody: ${whyUnsent(body)} It says that ${evidence(body, tell)}.`;
    case 'alert.overdue': {
      const { dispositionBy, recipients, reminded = [] } = body;
      const whom = reminded.length === 0 ? 'Nobody' : capital(tell.parties(reminded));
      return `By ${momentOf(dispositionBy)} the alert had no answer from ${tell.parties(recipients)}. ${whom} ${reminded.length > 1 ? 'were' : 'was'} reminded of it.`;
    }
    case 'alert.disposed':
      return `${tell.party(body.source)} answered the alert: ${answers[body.disposition]}.`;
    case undefined:
      return undefined;
  }
}

function patternOf({ title, version, level }: Alert): string {
  return `“${title}” (version ${version}, level “${level}”)`;
}

function evidence({ tier, events, agencies }: Alert, tell: Teller): string {
  const count = events.length === 1 ? '1 notice' : `${events.length} notices`;
  const child = tier === 'same' ? 'the same child' : 'what may be the same child';
  const from = listInWords(agencies.map((agency) => tell.agency(agency)));
  return `${count} of ${from} ${events.length === 1 ? 'speaks' : 'speak'} of ${child}`;
}

function whyUnsent({ code, tries = 0 }: Alert): string {
  const times = tries === 0 ? '' : `it was refused ${tries} times. `;
  return `${times}${isCode(code) ? catalogue[code].text : 'why is not on record.'}`;
}

function isCode(code: string | undefined): code is ErrorCode {
  return (errorCodes as readonly (string | undefined)[]).includes(code);
}
