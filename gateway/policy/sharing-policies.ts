/** `schema.cedarschema` and `sharing/*.cedar`: parsed, validated, and named by their `@id`. */
import {
  checkParsePolicySet,
  checkParseSchema,
  policyToJson,
  validate,
  type DetailedError,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { Problem } from '../../protocol/errors.ts';
import { slugSchema } from '../../protocol/ids.ts';
import { showableLine } from '../../protocol/showable-text.ts';
import { declareVocabulary, type Vocabulary } from './cedar-vocabulary.ts';
import { positionAt, positionAtByte, type Position } from '../../files/source-position.ts';
import { splitPolicies } from './split-policies.ts';

/** One rule of the sharing agreement. */
export type SharingPolicy = {
  /** Its `@id` annotation. */
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  /** Its `@reason` annotation: why it permits or forbids, in plain words. */
  readonly reason: string;
  readonly text: string;
  readonly file: string;
  /** Where its text begins in the file. */
  readonly offset: number;
};

type Source = { readonly file: string; readonly text: string };

/** The schema's text completed by the vocabulary; faults go to `problems`. */
export function readCedarSchema(
  source: Source,
  vocabulary: Vocabulary,
  problems: Problem[],
): string | undefined {
  const full = source.text + declareVocabulary(vocabulary);
  const answer = checkParseSchema(full);
  if (answer.type === 'success') return full;
  const length = Buffer.byteLength(source.text);
  for (const error of answer.errors) {
    const label = error.sourceLocations?.find(({ start }) => start <= length);
    const place = label === undefined ? {} : positionAtByte(source.text, label.start);
    problems.push({ at: source.file, ...place, message: describeCedarError(error) });
  }
  return undefined;
}

/** Every policy of every file; syntax errors and faults of annotations go to `problems`. */
export function readSharingPolicies(sources: readonly Source[], problems: Problem[]): SharingPolicy[] {
  const policies: SharingPolicy[] = [];
  for (const source of sources) {
    const answer = checkParsePolicySet({ staticPolicies: source.text });
    if (answer.type === 'failure') {
      for (const error of answer.errors) {
        problems.push({
          at: source.file,
          ...placeOfFault(source, error),
          message: describeCedarError(error),
        });
      }
      continue;
    }
    for (const { text, offset } of splitPolicies(source.text)) {
      const policy = readPolicy(source, text, offset, problems);
      if (policy !== undefined) policies.push(policy);
    }
  }
  return withoutTwins(policies, sources, problems);
}

/** Cedar does not say where a template stands; its slot, `?principal` or `?resource`, does. */
function placeOfFault({ text }: Source, error: DetailedError): Position {
  const start = error.sourceLocations?.[0]?.start;
  if (start !== undefined) return positionAtByte(text, start);
  return positionAt(text, Math.max(text.search(/\?(?:principal|resource)/), 0));
}

function readPolicy(
  source: Source,
  text: string,
  offset: number,
  problems: Problem[],
): SharingPolicy | undefined {
  const at = { at: source.file, ...positionAt(source.text, offset) };
  const answer = policyToJson(text);
  if (answer.type === 'failure') {
    problems.push({ ...at, message: answer.errors.map(describeCedarError).join('; ') });
    return undefined;
  }
  const { effect, annotations = {} } = answer.json;
  const { id, reason } = annotations;
  if (!slugSchema.safeParse(id).success) {
    problems.push({
      ...at,
      message: 'this policy needs an @id("...") in lower case, such as @id("ird-start")',
    });
  }
  if (reason === undefined || reason.trim() === '') {
    problems.push({
      ...at,
      message: 'this policy needs a @reason("...") that says in plain words why it stands',
    });
  }
  if (reason !== undefined && showableLine(reason) !== reason)
    problems.push({ ...at, message: 'its @reason must be one line without control characters' });
  if (id === undefined) return undefined;
  return { id, effect, reason: reason?.trim() ?? '', text, file: source.file, offset };
}

function withoutTwins(
  policies: readonly SharingPolicy[],
  sources: readonly Source[],
  problems: Problem[],
): SharingPolicy[] {
  const first = new Map<string, SharingPolicy>();
  for (const policy of policies) {
    const twin = first.get(policy.id);
    if (twin === undefined) {
      first.set(policy.id, policy);
      continue;
    }
    const place = placeIn(sources, policy.file, policy.offset);
    const { line } = placeIn(sources, twin.file, twin.offset);
    const message = `@id("${policy.id}") is already the name of the policy at ${twin.file}:${line}`;
    problems.push({ at: policy.file, ...place, message });
  }
  return [...first.values()];
}

/** Checks every policy against the schema: a misspelt word is found here, with its line. */
export function validateSharingPolicies(
  policies: readonly SharingPolicy[],
  schema: string,
  sources: readonly Source[],
  problems: Problem[],
): void {
  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  const answer = validate({ schema, policies: { staticPolicies } });
  if (answer.type === 'failure') {
    for (const error of answer.errors) problems.push({ at: 'sharing', message: describeCedarError(error) });
    return;
  }
  const faulty = new Set(answer.validationErrors.map(({ policyId }) => policyId));
  // A rule that can never apply is a mistake too, but beside an error it only repeats it.
  const warnings = answer.validationWarnings.filter(({ policyId }) => !faulty.has(policyId));
  for (const { policyId, error } of [...answer.validationErrors, ...warnings]) {
    const policy = policies.find(({ id }) => id === policyId);
    if (policy === undefined) continue;
    const inPolicy = error.sourceLocations?.[0]?.start ?? 0;
    const before = Buffer.from(policy.text, 'utf8').subarray(0, inPolicy).toString('utf8').length;
    const place = placeIn(sources, policy.file, policy.offset + before);
    problems.push({ at: policy.file, ...place, message: `in \`${policyId}\`: ${describeCedarError(error)}` });
  }
}

function placeIn(sources: readonly Source[], file: string, offset: number): Position {
  return positionAt(sources.find((source) => source.file === file)?.text ?? '', offset);
}

/** Cedar's own words without their preambles, followed by its advice. */
export function describeCedarError(error: DetailedError): string {
  const unknown = /entity `(\w+)::(".*?")` is of an enumerated entity type/.exec(error.message);
  if (unknown !== null) {
    const known = error.help?.replace('valid entity eids: ', '').replaceAll('"', '') ?? '';
    return `there is no ${unknown[1] ?? ''} ${unknown[2] ?? ''}; there are ${known}`;
  }
  if (error.message.includes('includes a template'))
    return 'a template with ?principal or ?resource cannot be used here';
  const message = error.message
    .replace(/^failed to parse (?:schema|policies|policy) from string: /, '')
    .replace(/^error parsing schema: /, '')
    .replace(/^for policy `[^`]*`[,:] /, '');
  const hints = [error.sourceLocations?.[0]?.label, error.help].filter((hint) => typeof hint === 'string');
  return hints.length === 0 ? message : `${message} (${hints.join('; ')})`;
}
