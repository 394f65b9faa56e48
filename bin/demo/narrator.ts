/** Tells the demonstration: one line a step for people, one object a step for scripts. */
import type { Terminal } from '../../terminal/terminal.ts';
import { explainAlert, type DemoAlert } from './alert.ts';
import type { Summary } from './tally.ts';

/** A step that just happened. `line` is for people. */
export type Step = { readonly type: string; readonly [name: string]: unknown };

export class Narrator {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  heading(text: string): void {
    if (this.#terminal.wantsJson) return;
    this.#terminal.print();
    this.#terminal.print(this.#terminal.paint.strong(text));
  }

  /** `line` is left out where a step would only tire a reader. */
  step(step: Step, line?: string): void {
    if (this.#terminal.wantsJson) this.#terminal.json(step);
    else if (line !== undefined) this.#terminal.print(line);
  }

  /** What the gateway noticed, with its reasons. In JSON each alert has been told when it arrived. */
  alerts(raised: readonly { readonly alert: DemoAlert; readonly recipients: readonly string[] }[]): void {
    if (this.#terminal.wantsJson) return;
    this.heading('What nobody could see alone');
    if (raised.length === 0) this.#terminal.print(this.#terminal.paint.bad('no alert was raised'));
    for (const { alert, recipients } of raised) {
      for (const line of explainAlert(alert, recipients)) this.#terminal.print(line);
    }
  }

  summary(summary: Summary): void {
    if (this.#terminal.wantsJson) {
      this.#terminal.json(summary);
      return;
    }
    const { submitted, accepted, refused, delivered, stored, lost, doubled } = summary;
    const { paint } = this.#terminal;
    this.heading('Summary');
    this.#terminal.print(
      `${submitted} notices submitted: ${accepted} accepted, ${refused} refused by the agreement.`,
    );
    this.#terminal.print(`${delivered} deliveries arrived, ${stored} signed receipts came back.`);
    const verdict = `${lost} lost, ${doubled} doubled.`;
    this.#terminal.print(lost === 0 && doubled === 0 ? paint.good(verdict) : paint.bad(verdict));
  }

  note(line: string): void {
    this.#terminal.hint(line);
  }
}
