/** An alert as it reaches an endpoint of the demonstration, and its explanation in words. */
import type { Notice } from '../../clients/sdk/notice.ts';
import { z } from 'zod';

/** The part of the data set `correlator-alert` that is told; the client has checked the whole. */
const alertSchema = z.object({
  pattern: z.object({ title: z.string(), version: z.int() }),
  level: z.string(),
  tier: z.string(),
  events: z.array(z.object({ id: z.string(), agency: z.string(), category: z.string(), time: z.string() })),
  links: z.array(z.object({ types: z.array(z.string()) })),
  missing: z.array(z.string()),
});

export type DemoAlert = {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly level: string;
  readonly tier: string;
  readonly events: z.infer<typeof alertSchema>['events'];
  /** Kinds of token that agree in every link. */
  readonly agrees: readonly string[];
  readonly missing: readonly string[];
};

export function readAlert(notice: Notice): DemoAlert {
  const { pattern, level, tier, events, links, missing } = alertSchema.parse(notice.json());
  const [first, ...others] = links.map(({ types }) => types);
  const agrees = (first ?? []).filter((type) => others.every((types) => types.includes(type)));
  const { title, version } = pattern;
  return { id: notice.id, title, version, level, tier, events, agrees, missing };
}

/** Lines for people. */
export function explainAlert(
  { title, version, level, tier, events, agrees, missing }: DemoAlert,
  recipients: readonly string[],
): string[] {
  const child = tier === 'same' ? 'the same child' : 'possibly the same child';
  return [
    `! ${title} (version ${version}): ${level}, ${child}`,
    ...events.map(({ agency, category, time }) => `    ${time}  ${category} of ${agency}`),
    ...(agrees.length === 0 ? [] : [`    ${agrees.length} kinds of token agree: ${shorten(agrees)}`]),
    ...(missing.length === 0 ? [] : [`    for the next level: ${missing.join(', or ')}`]),
    `    told to ${recipients.join(', ')}`,
  ];
}

function shorten(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ');
  return names.length > 4 ? `${shown}, …` : shown;
}
