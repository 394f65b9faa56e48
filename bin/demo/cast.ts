/** The endpoints of the demonstration: each a real client with its own home, keys and connection. */
import { connect, type Client } from '../../clients/sdk/client.ts';
import type { Notice } from '../../clients/sdk/notice.ts';
import { endpointHome } from '../sandbox.ts';
import { readAlert } from './alert.ts';
import type { Narrator } from './narrator.ts';
import type { Tally } from './tally.ts';

export class Cast {
  readonly #dir: string;
  readonly #tally: Tally;
  readonly #narrator: Narrator;
  readonly #signal: AbortSignal;
  readonly #clients = new Map<string, Client>();
  readonly #opened: Promise<Client>[] = [];
  #isClosed = false;

  /** @param signal gives up connections that are only now being made */
  constructor(dir: string, tally: Tally, narrator: Narrator, signal: AbortSignal) {
    this.#dir = dir;
    this.#tally = tally;
    this.#narrator = narrator;
    this.#signal = signal;
  }

  /** Connects an endpoint, trusts the keys of the others, and lets it take its notices. */
  async connect(address: string): Promise<void> {
    const signal = this.#signal;
    const opened = connect({ home: endpointHome(this.#dir, address), clientName: 'causeway-demo', signal });
    // From here on, whatever fails, `close` knows it.
    this.#opened.push(opened);
    const client = await opened;
    this.#clients.set(address, client);
    await client.whenConnected({ signal });
    await client.directory.trustAll();
    if (this.#isClosed) return;
    void this.#takeNotices(client);
    void this.#takeReceipts(client);
  }

  get(address: string): Client {
    const client = this.#clients.get(address);
    if (client === undefined) throw new Error(`${address} is not connected`);
    return client;
  }

  async cutOff(address: string): Promise<void> {
    const client = this.get(address);
    this.#clients.delete(address);
    await client.close();
  }

  /** Closes all, also those that are only now opening: left so, they would try to connect for ever. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#opened.map(async (opened) => (await opened).close()));
  }

  async #takeNotices(client: Client): Promise<void> {
    for await (const notice of client.notices()) {
      if (notice.category === 'correlator-alert') {
        this.#takeAlert(notice, client.endpoint);
        continue;
      }
      this.#tally.arrive(notice.id, client.endpoint);
      const ageMs = Date.now() - notice.time.getTime();
      this.#narrator.step(
        {
          type: 'arrived',
          message: notice.id,
          at: client.endpoint,
          from: notice.from,
          category: notice.category,
          ageMs,
        },
        `    ↳ ${client.endpoint} has read ${notice.category} from ${notice.from}, ${describeAge(ageMs)} old`,
      );
    }
  }

  #takeAlert(notice: Notice, at: string): void {
    const alert = readAlert(notice);
    this.#tally.alert(alert, at);
    this.#narrator.step(
      { type: 'alert', message: notice.id, at, ...alert },
      `    ! ${at} has an alert of the gateway: ${alert.title} (${alert.level})`,
    );
  }

  async #takeReceipts(client: Client): Promise<void> {
    for await (const { kind, message, recipient } of client.receipts()) {
      if (recipient === undefined) continue;
      if (kind === 'stored') this.#tally.store(message, recipient);
      this.#narrator.step(
        { type: kind, message, recipient, known: client.endpoint },
        kind === 'stored' ? `    ✓ ${client.endpoint} has the signed receipt of ${recipient}` : undefined,
      );
    }
  }
}

function describeAge(ageMs: number): string {
  return ageMs < 1_000 ? `${ageMs} ms` : `${(ageMs / 1_000).toFixed(1)} s`;
}
