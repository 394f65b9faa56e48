/** By which commands an alert is answered: written out, so that they can be run as they stand. */
import { shellWord } from '../../files/shell-word.ts';
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Category of an answer → what it says. */
export const answers: readonly (readonly [string, string])[] = [
  ['alert-acted', 'it was right, and something was done because of it'],
  ['alert-known', 'it was right, and known and in hand'],
  ['alert-not-this-child', 'the notices do not speak of one child'],
  ['alert-no-concern', 'one child, and no cause for concern'],
];

type Asked = {
  readonly reader: { readonly home: string; readonly endpoint: string };
  readonly terminal: Terminal;
  /** The alert, or its reminder. */
  readonly replyTo: string;
  /** Addresses that got the alert. */
  readonly alertedTo: readonly string[];
  /** Until when, in words. */
  readonly by: string;
};

/** Until when and how to answer. The answer goes to the others who got the alert, or to the own team where there are none. */
export function answerLines({ reader, terminal, replyTo, alertedTo, by }: Asked): string[] {
  const { paint, command } = terminal;
  const home = shellWord(showableLine(reader.home));
  const others = alertedTo.filter((address) => address !== reader.endpoint);
  const to = others.length === 0 ? [reader.endpoint] : others;
  const width = Math.max(...answers.map(([category]) => category.length));
  return [
    paint.warn(`Somebody must answer until ${by}, by one of these categories:`),
    ...answers.map(([category, words]) => `  ${category.padEnd(width)}  ${words}`),
    'Fill in the document and send it, under the category that is right:',
    `  ${command} dataset template alert-disposition --home ${home} --out answer.json`,
    `  ${command} send --home ${home} --reply-to ${showableLine(replyTo)} --to ${to.map(showableLine).join(' ')} \\`,
    '    --category alert-acted --severity info --purpose child-protection --basis public-task \\',
    '    --dataset alert-disposition --content answer.json',
  ];
}
