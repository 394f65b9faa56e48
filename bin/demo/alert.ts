/** An alert as it reaches an endpoint of the demonstration, and its explanation in words. */
import { readAlert as readContent, type AlertContent } from '../../clients/cli/alert-content.ts';
import type { Notice } from '../../clients/sdk/notice.ts';

export type DemoAlert = {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly level: string;
  readonly tier: string;
  readonly events: AlertContent['events'];
  /** Kinds of token that agree in every link. */
  readonly agrees: readonly string[];
  readonly missing: readonly string[];
};

/** @throws RangeError where the notice is no alert */
export function readAlert(notice: Notice): DemoAlert {
  const content = readContent(notice);
  if (content === undefined) throw new RangeError('a notice that is no alert');
  const { pattern, level, tier, events, links, missing } = content;
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
