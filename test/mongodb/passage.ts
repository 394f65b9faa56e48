/**
 * The way to a member that a test can cut for one client alone. Members reach one another through it as well: clients
 * are told apart by the `appName` in the first message of each connection.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * `silence`: nothing arrives any more, in either direction. `deafness`: requests arrive, answers do not. `reset`:
 * connections end, and new ones at once.
 */
export type Cut = 'silence' | 'deafness' | 'reset';

type Way = { readonly client: Socket; readonly member: Socket; name: string };

export class Passage {
  readonly #server: Server;
  readonly #memberPort: number;
  readonly #ways = new Set<Way>();
  readonly #cuts = new Map<string, Cut>();

  private constructor(server: Server, memberPort: number) {
    this.#server = server;
    this.#memberPort = memberPort;
    server.on('connection', (client) => this.#open(client));
  }

  static async open(memberPort: number): Promise<Passage> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Passage(server, memberPort);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts the client of this name off. */
  cut(name: string, how: Cut): void {
    this.#cuts.set(name, how);
    if (how === 'reset') this.#reset(name);
  }

  /** Lets the client through again; what was lost meanwhile stays lost, and its connections with it. */
  heal(name: string): void {
    this.#cuts.delete(name);
    this.#reset(name);
  }

  async close(): Promise<void> {
    for (const way of this.#ways) end(way);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #reset(name: string): void {
    for (const way of this.#ways) if (way.name === name) end(way);
  }

  #open(client: Socket): void {
    const member = connect(this.#memberPort, '127.0.0.1');
    const way: Way = { client, member, name: '' };
    this.#ways.add(way);
    let isNamed = false;
    client.on('data', (bytes) => {
      if (!isNamed) {
        way.name = /gateway-\d+/.exec(bytes.toString('latin1'))?.[0] ?? '';
        isNamed = true;
      }
      const cut = this.#cuts.get(way.name);
      if (cut === 'reset') end(way);
      else if (cut !== 'silence') member.write(bytes);
    });
    member.on('data', (bytes) => {
      if (!this.#cuts.has(way.name)) client.write(bytes);
    });
    for (const socket of [client, member]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        end(way);
        this.#ways.delete(way);
      });
    }
  }
}

function end({ client, member }: Way): void {
  client.destroy();
  member.destroy();
}
