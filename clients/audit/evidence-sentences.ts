/** What an evidence proves, in words. What a body says has been held against its leaf, and its form against nothing yet. */
import { z } from 'zod';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import type { OpenedLeaf } from './opened-leaf.ts';

const decisionSchema = z.looseObject({
  recipient: z.string(),
  effect: z.enum(['permit', 'deny']).optional(),
  determining: z.array(z.string()).optional(),
});
export type Decision = z.infer<typeof decisionSchema>;

/** What the gateway decided, a decision for each recipient; none where the body does not say. */
export function decisionsOf(record: OpenedLeaf | undefined): readonly Decision[] {
  return z.array(decisionSchema).safeParse(record?.body?.decisions).data ?? [];
}

/** Undefined where the body does not say under which agreement it was decided. */
export function decisionsSentence(record: OpenedLeaf | undefined): string | undefined {
  const policy = record?.body?.policy;
  const said = decisionsOf(record).flatMap(({ recipient, effect, determining = [] }) => {
    if (effect === undefined) return [];
    const by = determining.length === 0 ? '' : ` by ${determining.join(' and ')}`;
    return [`${effect === 'permit' ? 'permitted' : 'not permitted'} to ${recipient}${by}`];
  });
  if (typeof policy !== 'string' || said.length === 0) return undefined;
  return `Under the agreement ${policy} it was ${said.join(', ')}.`;
}

/** What a sender has signed. */
export function envelopeSentence({ source, to, category, severity, purpose, basis, time }: Envelope): string {
  return (
    `${source} signed it at ${time}: ${category} (${severity}) to ${to.join(', ')}, ` +
    `for ${purpose}, on the basis ${basis}.`
  );
}

/**
 * What the leaf of an erasure says. The leaf of a message names no case, so once its body is gone nothing in an evidence
 * ties the two together.
 */
export function erasureSentence({ leaf, body }: OpenedLeaf, record: OpenedLeaf | undefined): string {
  const which = typeof body?.case === 'string' ? `The case ${body.case}` : 'A case';
  const authority = typeof body?.authority === 'string' ? ` by order of ${body.authority}` : '';
  const erased = `${which} was erased at ${timeOf(leaf.at)}${authority}.`;
  if (record === undefined || record.body !== undefined) return erased;
  return `${erased} That the message belonged to it, and who sent it, the gateway alone says.`;
}

/** A time of a leaf or a receipt for people. @param ms since 1970 */
export function timeOf(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? `${ms} ms` : time.toISOString();
}
