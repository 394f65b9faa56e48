/** Colour and care: what may be written to a screen. */
import { styleText } from 'node:util';

export { showable, showableLine } from '../protocol/showable-text.ts';

/** Adds meaning by colour where the stream shows colours, and returns the text unchanged where it does not. */
export type Paint = {
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly accent: (text: string) => string;
};

/** @param colour whether the stream shows colours */
export function createPaint(colour: boolean): Paint {
  const style =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    strong: style('bold'),
    dim: style('dim'),
    good: style('green'),
    warn: style('yellow'),
    bad: style('red'),
    accent: style('cyan'),
  };
}

/** Whether a stream shows colours: a terminal that is not dumb, and nobody said `NO_COLOR` (no-color.org). */
export function showsColour(isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  return isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
