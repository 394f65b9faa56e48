/** What a pattern says of itself stands in each of its alerts, whose recipients refuse what its data set has no room for. */
import { z } from 'zod';
import type { JsonSchema } from '../../policy/datasets.ts';
import type { CorrelationRuleDocument } from './documents.ts';

type Report = (document: CorrelationRuleDocument, path: readonly PropertyKey[], message: string) => void;

const limit = z.number().default(Infinity);
const textSchema = z.object({ maxLength: limit });
const patternSchema = z.object({
  properties: z.object({
    title: textSchema,
    description: textSchema,
    falsePositives: z.object({ maxItems: limit, items: textSchema }),
  }),
});
const alertSchema = z.object({ properties: z.object({ pattern: patternSchema }) });

/** Reports what is longer than an alert can tell. @param schema of the data set of alerts */
export function checkAlertRoom(
  documents: Iterable<CorrelationRuleDocument>,
  schema: JsonSchema,
  report: Report,
): void {
  const fit = alertSchema.safeParse(schema);
  if (!fit.success) return;
  const { title, description, falsePositives } = fit.data.properties.pattern.properties;
  for (const document of documents) {
    const { content } = document;
    const check = (
      path: readonly PropertyKey[],
      text: string,
      { maxLength }: { maxLength: number },
    ): void => {
      // A character of JSON Schema is a code point.
      const { length } = Array.from(text);
      if (length > maxLength) report(document, path, tooLong(path, `${length} characters`, maxLength));
    };
    check(['title'], content.title, title);
    check(['description'], content.description ?? '', description);
    const explanations = content.falsepositives ?? [];
    if (explanations.length > falsePositives.maxItems)
      report(
        document,
        ['falsepositives'],
        tooLong(['falsepositives'], `${explanations.length} entries`, falsePositives.maxItems),
      );
    for (const [nth, text] of explanations.entries())
      check(['falsepositives', nth], text, falsePositives.items);
  }
}

function tooLong([key]: readonly PropertyKey[], length: string, most: number): string {
  return `\`${String(key)}\` has ${length}, and an alert has room for ${most}`;
}
