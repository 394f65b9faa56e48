/** Progress: nothing for what is quick, a moving line on a terminal, one plain line elsewhere. */
import type { Writable } from 'node:stream';

/** Told what goes on until it is over. */
export type Progress = {
  /** Replaces the words shown. */
  update(label: string): void;
  /** Makes way for a line of others: what goes on is shown again below it. */
  clear(): void;
  /** Removes what was shown; safe to call twice. */
  end(): void;
};

export type ProgressOptions = {
  readonly stream: Writable;
  readonly moving: boolean;
  readonly columns: number;
};

const quietMs = 1_000;
const frameMs = 120;
const frames = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇'];

/** Starts to show progress, after a second. Its timers keep no process alive. */
export function startProgress(label: string, { stream, moving, columns }: ProgressOptions): Progress {
  let words = label;
  let frame = 0;
  let shown = false;
  let spinner: NodeJS.Timeout | undefined;

  const draw = (): void => {
    shown = true;
    const text = `${frames[frame++ % frames.length] ?? ''} ${words}`.slice(0, Math.max(columns - 1, 10));
    stream.write(`\r\u001b[2K${text}`);
  };
  const clear = (): void => {
    if (shown) stream.write('\r\u001b[2K');
    shown = false;
  };
  const begin = setTimeout(() => {
    if (!moving) {
      stream.write(`${words} …\n`);
      return;
    }
    draw();
    spinner = setInterval(draw, frameMs).unref();
  }, quietMs).unref();

  return {
    update(next) {
      words = next;
    },
    clear,
    end() {
      clearTimeout(begin);
      clearInterval(spinner);
      clear();
    },
  };
}
