/**
 * Reads envelopes in their plain form: names in the order of the schema, nothing attached. So our own software
 * writes them.
 *
 * One regular expression, put together from the patterns of the schema itself, proves such a text to be compact JSON
 * that the schema accepts, at a quarter of the cost of parsing, printing again and validating. What it does not
 * match is not wrong: the schema decides. A property test holds the two together.
 */
import { z } from 'zod';
import type { Digest, EndpointAddress, Fingerprint, MessageId } from '../ids.ts';
import { limits } from '../limits.ts';
import { parseCompactText } from './compact-json.ts';
import { envelopeSchema, type Envelope, type Severity } from './envelope-schema.ts';
import { rememberLast } from './remember-last.ts';

const { shape } = envelopeSchema;
/** Integers from 1; those that JavaScript cannot hold exactly are sorted out afterwards. */
const count = '[1-9]\\d{0,15}';

const plainForm = new RegExp(
  [
    `^\\{"id":"(${patternOf(shape.id)})"`,
    `"source":"(${patternOf(shape.source)})"`,
    `"type":"notice"`,
    `"time":"(${patternOf(shape.time)})"`,
    `"expires":"(${patternOf(shape.expires)})"`,
    `"to":\\[(${listOf(`"${patternOf(shape.to.element)}"`)})\\]`,
    `"sequence":\\[(${listOf(count)})\\]`,
    `("category":"(${patternOf(shape.category)})"`,
    `"severity":"(${shape.severity.options.join('|')})"`,
    `"purpose":"(${patternOf(shape.purpose)})"`,
    `"basis":"(${patternOf(shape.basis)})"(?:,"dataschema":"(${patternOf(shape.dataschema.unwrap())})")?)`,
    `"subjects":(\\[.*?\\])`,
    `"thread":"(${patternOf(shape.thread)})"(?:,"inReplyTo":"(${patternOf(shape.inReplyTo.unwrap())})")?`,
    `"payloadDigest":"(${patternOf(shape.payloadDigest)})"`,
    `"payloadBytes":(${count})`,
    `("recipientKeys":\\[(${listOf(`"${patternOf(shape.recipientKeys.element)}"`)})\\]`,
    `"attachments":\\[\\]`,
    `"signingKey":"(${patternOf(shape.signingKey)})")\\}$`,
  ].join(','),
);

/** The groups of {@link plainForm} in their order. */
type Groups = readonly [
  all: string,
  id: MessageId,
  source: EndpointAddress,
  time: string,
  expires: string,
  to: string,
  sequence: string,
  /** From the category to the data set. */
  matter: string,
  category: string,
  severity: Severity,
  purpose: string,
  basis: string,
  dataschema: string | undefined,
  subjects: string,
  thread: MessageId,
  inReplyTo: MessageId | undefined,
  payloadDigest: Digest,
  payloadBytes: string,
  /** From the recipients' keys to the signing key. */
  keys: string,
  recipientKeys: string,
  signingKey: Digest,
];

/*
 * Most messages have these in common with the one before: the same strings again, not merely equal ones, which spares
 * every map that is asked for them the hashing. The lists are copied: what is read belongs to its reader.
 */
const lastTo = rememberLast<string[]>();
const lastMatter =
  rememberLast<Pick<Envelope, 'category' | 'severity' | 'purpose' | 'basis' | 'dataschema'>>();
const lastKeys = rememberLast<Pick<Envelope, 'recipientKeys' | 'signingKey'>>();

/** The envelope of a text in plain form, or undefined where the schema has to decide. Never throws. */
export function readPlainEnvelope(text: string): Envelope | undefined {
  const groups = plainForm.exec(text) as Groups | null;
  if (groups === null) return undefined;
  // prettier-ignore
  const [, id, source, time, expires, toText, sequenceText, matterText, category, severity, purpose, basis,
    dataschema, subjectsText, thread, inReplyTo, payloadDigest, bytesText, keysText, recipientKeys, signingKey] = groups;
  const to = lastTo(toText, () => stringsOf(toText));
  const sequence = numbersOf(sequenceText);
  const payloadBytes = Number(bytesText);
  const subjects = subjectsText === '[]' ? [] : readSubjects(subjectsText);
  if (subjects === undefined || to.length !== sequence.length || !areDistinct(to)) return undefined;
  if (!Number.isSafeInteger(payloadBytes) || !sequence.every(Number.isSafeInteger)) return undefined;
  const matter = lastMatter(matterText, () => ({ category, severity, purpose, basis, dataschema }));
  const keys = lastKeys(keysText, () => ({
    recipientKeys: stringsOf(recipientKeys) as Fingerprint[],
    signingKey,
  }));
  return {
    id: detach(id),
    source,
    type: 'notice',
    time,
    expires,
    to: to.slice(),
    sequence,
    category: matter.category,
    severity: matter.severity,
    purpose: matter.purpose,
    basis: matter.basis,
    // Undefined where absent: spread into the literal these two would cost as much as all the rest of it.
    dataschema: matter.dataschema,
    subjects,
    thread,
    inReplyTo,
    payloadDigest,
    payloadBytes,
    recipientKeys: keys.recipientKeys.slice(),
    attachments: [],
    signingKey: keys.signingKey,
  };
}

/**
 * Ids are kept longer than anything else. A part of a text keeps the whole of it in memory, unless it is written anew.
 */
function detach(id: MessageId): MessageId {
  return `"${id}`.slice(1) as MessageId;
}

/** What stands between the brackets must be compact JSON by itself; then the whole text is. */
function readSubjects(text: string): Envelope['subjects'] | undefined {
  try {
    return shape.subjects.safeParse(parseCompactText(text, 'envelope-malformed')).data;
  } catch {
    return undefined;
  }
}

/** `"a","b"` as a list. The patterns allow no quotation marks inside. */
function stringsOf(list: string): string[] {
  return list.slice(1, -1).split('","');
}

/** `1,2` as a list. Mostly it is one. */
function numbersOf(list: string): number[] {
  return list.includes(',') ? list.split(',').map(Number) : [Number(list)];
}

function areDistinct(items: readonly string[]): boolean {
  return items.length === 1 || new Set(items).size === items.length;
}

/** The pattern that a schema of strings requires, for use within a larger one. */
function patternOf(schema: z.ZodType<string>): string {
  const { pattern } = z.toJSONSchema(schema);
  const inner = /^\^(.*)\$$/.exec(pattern ?? '')?.[1];
  if (inner === undefined || /\((?!\?[:=!])/.test(inner))
    throw new Error('a field has no pattern of its own');
  return `(?:${inner})`;
}

/** As many items as an envelope may have recipients. */
function listOf(item: string): string {
  return `${item}(?:,${item}){0,${limits.maxRecipients - 1}}`;
}
