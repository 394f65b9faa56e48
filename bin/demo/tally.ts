/** Counts what was promised and what came true. Lost and doubled are found, not assumed. */
import type { DemoAlert } from './alert.ts';

/** The last line of `causeway demo --json`. */
export type Summary = {
  readonly type: 'summary';
  /** Messages handed to the gateway, and what it answered. */
  readonly submitted: number;
  readonly accepted: number;
  readonly refused: number;
  /** Deliveries that reached their recipient's application, and those with its signed receipt at the sender. */
  readonly delivered: number;
  readonly stored: number;
  /** Accepted deliveries that did not arrive or whose receipt did not come back. */
  readonly lost: number;
  /** Arrivals of something that had arrived before, or that nobody was promised. */
  readonly doubled: number;
  /** Different alerts that the correlator raised. */
  readonly alerts: number;
  /** Where the homes are, when they were kept. */
  readonly home: string | null;
};

export class Tally {
  #submitted = 0;
  #refused = 0;
  #accepted = 0;
  readonly #promised = new Set<string>();
  readonly #arrived = new Map<string, number>();
  readonly #stored = new Set<string>();
  readonly #alerts = new Map<string, { alert: DemoAlert; recipients: string[] }>();
  #repeatedAlerts = 0;

  submit(): void {
    this.#submitted++;
  }

  refuse(): void {
    this.#refused++;
  }

  accept(message: string, recipients: readonly string[]): void {
    this.#accepted++;
    for (const recipient of recipients) this.#promised.add(`${message} ${recipient}`);
  }

  arrive(message: string, recipient: string): void {
    const name = `${message} ${recipient}`;
    this.#arrived.set(name, (this.#arrived.get(name) ?? 0) + 1);
  }

  store(message: string, recipient: string): void {
    this.#stored.add(`${message} ${recipient}`);
  }

  /** An alert that reached an endpoint. One that comes twice counts as doubled. */
  alert(alert: DemoAlert, recipient: string): void {
    const known = this.#alerts.get(alert.id);
    if (known === undefined) this.#alerts.set(alert.id, { alert, recipients: [recipient] });
    else if (known.recipients.includes(recipient)) this.#repeatedAlerts++;
    else known.recipients.push(recipient);
  }

  get alerts(): readonly { readonly alert: DemoAlert; readonly recipients: readonly string[] }[] {
    return [...this.#alerts.values()];
  }

  /** True when every delivery that was promised has arrived and is acknowledged. */
  isComplete(): boolean {
    return [...this.#promised].every((name) => this.#isDone(name));
  }

  /** True when these deliveries of one message have arrived and are acknowledged. */
  hasReached(message: string, recipients: readonly string[]): boolean {
    return recipients.every((recipient) => this.#isDone(`${message} ${recipient}`));
  }

  summary(home: string | null): Summary {
    const lost = [...this.#promised].filter((name) => !this.#isDone(name)).length;
    let doubled = this.#repeatedAlerts;
    for (const [name, times] of this.#arrived) doubled += this.#promised.has(name) ? times - 1 : times;
    return {
      type: 'summary',
      submitted: this.#submitted,
      accepted: this.#accepted,
      delivered: this.#arrived.size,
      stored: this.#stored.size,
      refused: this.#refused,
      lost,
      doubled,
      alerts: this.#alerts.size,
      home,
    };
  }

  #isDone(name: string): boolean {
    return this.#arrived.has(name) && this.#stored.has(name);
  }
}
