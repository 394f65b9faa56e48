/**
 * Two endpoints that use the SDK, each at a gateway of its own on the set, which is a process: one sends without end, the
 * other listens. What the application of the listener was shown is what counts. The listener's gateway is the one that is
 * killed and stopped.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Client } from '../../../../clients/sdk/client.ts';
import { prepareChildGateway, type ChildGateway } from '../../../e2e/kit/child-gateway.ts';
import { addresses, Exchange } from '../../../e2e/kit/exchange.ts';
import { eventually } from '../../../e2e/kit/watch.ts';
import { urlNaming, urlOfDatabase } from './mongodb-fixture.ts';

/** So seldom that the loads beside it have the machine. */
const betweenNoticesMs = 250;
const patienceMs = 60_000;

export class Conversation {
  /** Ids in the order in which the application was shown them. */
  readonly shown: string[] = [];
  readonly acknowledged = new Set<string>();
  /** How often the listener has lost its gateway. */
  losses = 0;
  readonly #exchange: Exchange;
  readonly #sendersGateway: ChildGateway;
  readonly #homes: readonly [sender: string, listener: string];
  readonly #stop = new AbortController();
  readonly #work: Promise<void>[] = [];
  readonly #clients: Client[] = [];
  #starting: Promise<void> = Promise.resolve();
  #isSending = true;

  private constructor(
    exchange: Exchange,
    sendersGateway: ChildGateway,
    homes: readonly [sender: string, listener: string],
  ) {
    this.#exchange = exchange;
    this.#sendersGateway = sendersGateway;
    this.#homes = homes;
  }

  /**
   * Enrols the two and starts their gateways; nothing is sent yet.
   * @param server the address of the set
   * @param name by which the gateways' connections can be cut off
   */
  static async open(server: string, name: string): Promise<Conversation> {
    const url = urlOfDatabase(server, `causeway-test-${randomBytes(6).toString('hex')}`);
    const storeAddress = urlNaming(url, name);
    const exchange = await Exchange.open({ storeAddress, isBare: true, isChild: true });
    const { police, north } = await exchange.enrol('police', 'north');
    const { dir, authority } = exchange.home;
    const another = await prepareChildGateway(dir, authority.certificatePem).start();
    await pointAt(another.url, police.home.dir);
    return new Conversation(exchange, another, [police.home.dir, north.home.dir]);
  }

  /** Begins to send and to listen. */
  async begin(): Promise<void> {
    for (const home of this.#homes) this.#clients.push(await connect({ home, random: () => 0.1 }));
    await Promise.all(this.#clients.map(async (client) => client.directory.trustAll()));
    const [sender, listener] = this.#clients;
    listener!.on('disconnected', () => this.losses++);
    this.#work.push(this.#send(sender!), this.#listen(listener!));
    // What fails is looked at in `end`.
    for (const work of this.#work) work.catch(() => undefined);
    this.#exchange.prepareChild();
  }

  /** Resolves when a notice that was acknowledged after the call was shown. */
  async goesOn(): Promise<void> {
    await this.#starting;
    const before = new Set(this.acknowledged);
    const isFresh = (id: string): boolean => this.acknowledged.has(id) && !before.has(id);
    const hasGoneOn = (): true | undefined => (this.shown.some(isFresh) ? true : undefined);
    await eventually('another notice at the listener', hasGoneOn, patienceMs);
  }

  /** The listener's gateway is gone at once; another one is started meanwhile, and the client finds it. */
  async replaceGateway(): Promise<void> {
    await this.#exchange.child!.kill();
    this.#starting = this.#startGateway();
    this.#starting.catch(() => undefined);
  }

  async signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    await this.#starting;
    process.kill(this.#exchange.child!.pid, signal);
  }

  /** Stops sending, and waits until the listener has had everything and the sender knows that. */
  async end(): Promise<void> {
    await this.#starting;
    this.#isSending = false;
    const [sending] = this.#work;
    await sending;
    const isComplete = (): true | undefined =>
      [...this.acknowledged].every((id) => this.shown.includes(id)) ? true : undefined;
    await eventually('every acknowledged notice at the listener', isComplete, patienceMs);
    const signal = AbortSignal.timeout(patienceMs);
    await Promise.all([...this.acknowledged].map((id) => this.#clients[0]!.settled(id, { signal })));
    this.#stop.abort();
    await Promise.all(this.#work);
  }

  /** How many deliveries the log says were stored. */
  async countStored(): Promise<number> {
    const records = await this.#exchange.records();
    return records.filter(({ entry }) => entry.kind === 'delivery.stored').length;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#isSending = false;
    await Promise.all(this.#clients.map(async (client) => client.close()));
    await this.#starting.catch(() => undefined);
    await this.#sendersGateway.kill();
    await this.#exchange.close();
  }

  async #startGateway(): Promise<void> {
    const { url } = await this.#exchange.startChild();
    await pointAt(url, this.#homes[1]);
  }

  async #send(client: Client): Promise<void> {
    while (this.#isSending) {
      const { id } = await client.send({
        to: addresses.north,
        category: 'concern',
        severity: 'urgent',
        purpose: 'child-protection',
        basis: 'public-task',
        content: { text: 'A synthetic concern.' },
      });
      this.acknowledged.add(id);
      await sleep(betweenNoticesMs);
    }
  }

  async #listen(client: Client): Promise<void> {
    for await (const notice of client.notices({ signal: this.#stop.signal })) this.shown.push(notice.id);
  }
}

/** As a load balancer would: a client reads its home before each attempt. */
async function pointAt(gateway: string, home: string): Promise<void> {
  const file = join(home, 'identity.json');
  const identity = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(`${file}.new`, JSON.stringify({ ...identity, gateway }), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
