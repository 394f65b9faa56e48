/**
 * The record of an examination: what was asked, by whom, and how policy decided about each recipient.
 *
 * It is written for every message, and most of it is the same from one to the next: decisions come out of a cache, and
 * what a record says of each is put into JSON once. What is put between quotation marks here has a form that needs no
 * escaping: `protocol/wire/envelope-schema.ts` sees to that.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import type { Decision } from '../policy/decision.ts';
import type { Lane, RecordText, RefusableMessage } from '../store/port.ts';

/** What was examined, as far as it could be read. */
export type Examined = {
  readonly source: EndpointAddress;
  /** Roles of the sender. */
  readonly roles: readonly string[];
  /** SHA-256 of the envelope's bytes. */
  readonly envelopeDigest: Buffer;
  readonly envelope: Envelope | undefined;
  /** One for each recipient; none where it was refused before policy was asked. */
  readonly decisions: readonly Decision[];
};

/** @param listening by recipient: whether a session of it takes notices now @param lane that it is queued in */
export function recordAcceptance(
  examined: Examined & { readonly envelope: Envelope },
  listening: readonly boolean[],
  lane: Lane,
): RecordText {
  const rulings = examined.decisions.map(
    (decision, nth) => `${phrasesOf(decision).ruling},"listening":${String(listening[nth] === true)}}`,
  );
  return `${begin('message.accepted', examined)}${describe(examined, examined.envelope, rulings)},"lane":${lane}}`;
}

/**
 * @param authentic whether the sender's signature was verified: the record then says as well what the sender is told, and
 * grows by nothing that strangers can make long
 */
export function recordRefusal(
  examined: Examined,
  { code, text }: Pick<RefusableMessage, 'code' | 'text'>,
  authentic: boolean,
): RecordText {
  const { envelope, decisions } = examined;
  const rulings = decisions.map((decision) => `${phrasesOf(decision).ruling}}`);
  const described = envelope === undefined ? '' : describe(examined, envelope, rulings);
  const told = authentic ? `,"text":${JSON.stringify(text ?? null)}` : '';
  return `${begin('message.refused', examined)}${described},"code":"${code}","authentic":${String(authentic)}${told}}`;
}

function begin(kind: string, { source, envelopeDigest }: Examined): string {
  return `{"kind":"${kind}","source":"${source}","envelope":"${envelopeDigest.toString('base64url')}"`;
}

function describe({ decisions, roles }: Examined, envelope: Envelope, rulings: readonly string[]): string {
  const { id, thread, to, sequence } = envelope;
  const [first] = decisions;
  const matter = first === undefined ? matterOf(envelope, roles) : phrasesOf(first).matter;
  return `,"message":"${id}","thread":"${thread}","to":["${to.join('","')}"],"sequence":[${sequence.join()}],${matter},"decisions":[${rulings.join()}]`;
}

/** What a record says of a decision: its matter, members without braces; and the ruling, an object left open. */
type Phrases = { readonly matter: string; readonly ruling: string };

const phrases = new WeakMap<Decision, Phrases>();

function phrasesOf(decision: Decision): Phrases {
  const known = phrases.get(decision);
  if (known !== undefined) return known;
  const { effect, determining, reasons, errors, policyDigest, inputs } = decision;
  const { endpoint, roles } = inputs.recipient;
  const denial = effect === 'deny' ? { reasons, errors } : {};
  const ruling = JSON.stringify({ recipient: endpoint, roles, effect, determining, ...denial });
  const made = { matter: matterOf(inputs, inputs.sender.roles, policyDigest), ruling: ruling.slice(0, -1) };
  phrases.set(decision, made);
  return made;
}

type Words = Pick<Envelope, 'category' | 'severity' | 'purpose' | 'basis' | 'dataschema'>;

function matterOf(words: Words, roles: readonly string[], policy?: string): string {
  const { category, severity, purpose, basis, dataschema } = words;
  return JSON.stringify({ category, severity, purpose, basis, dataschema, roles, policy }).slice(1, -1);
}
