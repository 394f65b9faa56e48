/**
 * The certificate of an erasure: words for people, what opens the leaf that says so, and the proof that the leaf stands
 * in the log (c2sp.org/tlog-proof@v1). All words follow from the leaf and its body, so that none of them can be changed.
 *
 * ```
 * Certificate of erasure
 * … words …
 * salt <base64url>
 * body <JSON>
 *
 * c2sp.org/tlog-proof@v1
 * …
 * ```
 */
import { z } from 'zod';
import { CausewayError, isCausewayError } from '../errors.ts';
import { messageIdSchema } from '../ids.ts';
import { logProofHeader, parseLogProof } from '../proof/log-proof.ts';
import { commitmentOf, decodeSalt } from './commitment.ts';
import { parseLeaf } from './leaf.ts';

/** What was done, and what proves it. */
export type ErasureCertificate = {
  readonly case: string;
  /** Who ordered it, and on what ground. */
  readonly authority: string;
  /** Who carried it out. */
  readonly by: string;
  /** Absent where nobody has looked for them. */
  readonly alerts?: AlertsOfErasure | undefined;
  /** How many leaves lost their bodies; absent in those of earlier versions. */
  readonly bodies?: number | undefined;
  /** When, ms since 1970. */
  readonly at: number;
  /** Index of the leaf that says so. */
  readonly leaf: number;
  /** What the leaf is bound to: the salt in base64url, and the body as text. */
  readonly opening: { readonly salt: string; readonly body: string };
  /** A file of c2sp.org/tlog-proof with the leaf as its extra data. */
  readonly proof: string;
};

/** What a date can hold, ms since 1970. */
const latestTime = 8.64e15;
const title = 'Certificate of erasure';
const alertsSchema = z.object({
  /** Their cases, which were erased by the same order. */
  erased: z.array(messageIdSchema),
  /** Their cases, and the leaves that can still be read. */
  remaining: z.array(z.object({ case: messageIdSchema, leaf: z.int(), isErasable: z.boolean() })),
});
const bodySchema = z.looseObject({
  ...{ case: messageIdSchema, authority: z.string(), by: z.string() },
  alerts: alertsSchema.optional(),
  bodies: z.int().min(0).optional(),
});

/** Alerts that named messages of the case, when it was erased. */
export type AlertsOfErasure = z.infer<typeof alertsSchema>;

/** True for a file of this kind. */
export function isErasureCertificate(bytes: Buffer): boolean {
  return bytes.subarray(0, title.length).toString('latin1') === title;
}

/** The file. */
export function formatErasureCertificate(certificate: ErasureCertificate): string {
  const { case: id, authority, by, alerts, bodies, at, leaf, opening, proof } = certificate;
  return `${title}

Case       ${id}
Erased     ${new Date(at).toISOString()}
By order   ${authority}
Done by    ${by}
Recorded   leaf ${leaf} of the audit log

The key and the salts of the case were destroyed, and with them every body that its leaves were bound to; the
ciphertexts of its messages and what the store knew of their matter were deleted. The leaves stay in the log, and
every other proof still verifies. Copies of the store made before hold what they held: erase the case there too.
${bodiesInWords(bodies, leaf)}${alerts === undefined ? '' : `\n${remainsInWords(alerts)}\n`}
Whoever has the log's key can check every word of this file: causeway audit verify FILE --key log.vkey
The next two lines are what leaf ${leaf} is bound to. The proof that it stands in the log follows.

salt ${opening.salt}
body ${opening.body}

${proof}`;
}

/** So that nobody can later pass off the loss of another body as this erasure. */
function bodiesInWords(bodies: number | undefined, leaf: number): string {
  if (bodies === undefined) return '';
  if (bodies === 0) return 'No leaf had a body any more.\n';
  const had = bodies === 1 ? 'One leaf had a body' : `${bodies} leaves had bodies`;
  return `${had} that went: leaf ${leaf + 1} is bound to the list of them.\n`;
}

/** What else told of the case, and what still does. */
function remainsInWords({ erased, remaining }: AlertsOfErasure): string {
  const own = remaining.filter(({ isErasable }) => isErasable);
  const old = remaining.filter(({ isErasable }) => !isErasable);
  return [
    ...(erased.length + remaining.length === 0 ? ['No alert named a message of the case.'] : []),
    ...(erased.length > 0 ? ['Alerts that named messages of the case, and were erased with it:'] : []),
    ...erased.map((id) => `  ${id}`),
    ...(own.length > 0
      ? [
          'Alerts that name messages of the case still, with their senders, and say what they may mean. Each is a case of',
          'its own, which can be erased like this one:',
        ]
      : []),
    ...own.map((each) => `  ${each.case}, leaf ${each.leaf}`),
    ...(old.length > 0
      ? [
          'Leaves about alerts that name messages of the case still, and that nobody can erase, as an older version wrote',
          'them into the case of the gateway itself:',
        ]
      : []),
    ...old.map((each) => `  leaf ${each.leaf}, about the alert ${each.case}`),
    'The store keeps that messages with these ids were sent, by whom, to whom and when, and who has read the record.',
  ].join('\n');
}

/**
 * Reads a certificate back. What it gives follows from the leaf in it and from what opens that; whether the leaf stands
 * in the log is not checked.
 * @throws CausewayError `evidence-malformed`, with what is wrong
 */
export function parseErasureCertificate(source: Uint8Array): ErasureCertificate {
  const text = Buffer.from(source).toString('utf8');
  const found = /\nsalt ([\w-]{43})\nbody (\{.*\})\n\n(?=c2sp)/.exec(text);
  const [all = '', salt = '', body = ''] = found ?? [];
  const proof = text.slice((found?.index ?? 0) + all.length);
  if (!proof.startsWith(logProofHeader))
    throw malformed('the salt, the body or the proof below it is missing');
  const proofLine = text.slice(0, -proof.length).split('\n').length;
  const { index: leaf, extra = Buffer.alloc(0) } = attempt(() => parseLogProof(proof), proofLine);
  const { kind, at, commitment } = attempt(() => parseLeaf(extra), proofLine);
  if (at > latestTime) throw malformed(`leaf ${leaf} has no time`);
  if (kind !== 'case.erased') throw malformed(`leaf ${leaf} is about no erasure`);
  const saltBytes = decodeSalt(salt);
  // Otherwise four texts would pass for the same salt, three of which nobody has written.
  if (saltBytes === undefined) throw malformed('the salt is not in the one form that its bytes have');
  if (commitmentOf(Buffer.concat([saltBytes, Buffer.from(body)])) !== commitment)
    throw malformed(`salt and body are not what leaf ${leaf} is bound to`);
  const parsed = bodySchema.safeParse(parseBody(body));
  if (!parsed.success) throw malformed(`what leaf ${leaf} is bound to does not say who ordered the erasure`);
  const { case: id, authority, by, alerts, bodies } = parsed.data;
  const order = {
    case: id,
    authority,
    by,
    ...(alerts && { alerts }),
    ...(bodies !== undefined && { bodies }),
  };
  const certificate = { ...order, at, leaf, opening: { salt, body }, proof };
  const line = firstDifference(text, formatErasureCertificate(certificate));
  if (line !== undefined) throw malformed(`line ${line} is not what leaf ${leaf} says`);
  return certificate;
}

/** @returns the number of the first line that differs, from 1 */
function firstDifference(text: string, expected: string): number | undefined {
  if (text === expected) return undefined;
  const [lines, wanted] = [text.split('\n'), expected.split('\n')];
  return lines.findIndex((line, place) => line !== wanted[place]) + 1;
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw malformed('the body is not JSON');
  }
}

/** @param line the one of the certificate in which the proof begins: what is wrong with it counts its lines from there */
function attempt<T>(work: () => T, line: number): T {
  try {
    return work();
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    const why = (error.detail ?? 'it cannot be read').replace(/\.$/, '');
    throw malformed(`the proof that begins in line ${line} is none (${why})`);
  }
}

function malformed(what: string): CausewayError {
  return new CausewayError('evidence-malformed', { detail: what });
}
