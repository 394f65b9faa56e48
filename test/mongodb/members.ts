/** A replica set of processes that tests kill, stop and start again. Data on disk, loopback only. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Document } from 'mongodb';
import { eventually } from '../e2e/kit/watch.ts';
import { Passage } from './passage.ts';
import { serverParameters } from './server.ts';

type Member = {
  readonly port: number;
  readonly dir: string;
  /** What the others and the clients take for its address. */
  readonly passage: Passage;
  process: ChildProcess | undefined;
};

const patienceMs = 60_000;

export class Members {
  readonly #mongod: string;
  readonly #dir: string;
  readonly #members: readonly Member[];

  private constructor(mongod: string, dir: string, members: readonly Member[]) {
    this.#mongod = mongod;
    this.#dir = dir;
    this.#members = members;
  }

  /** Starts the members and waits for their first primary. */
  static async start(mongod: string, count: number): Promise<Members> {
    const dir = await mkdtemp(join(tmpdir(), 'causeway-members-'));
    const list: Member[] = [];
    for (let index = 0; index < count; index++) {
      const port = await freePort();
      const passage = await Passage.open(port);
      const member = { port, passage, dir: join(dir, String(index)), process: undefined };
      await mkdir(member.dir);
      list.push(member);
    }
    const members = new Members(mongod, dir, list);
    for (const index of list.keys()) members.startMember(index);
    const hosts = list.map(({ passage }, _id) => ({ _id, host: `127.0.0.1:${passage.port}` }));
    // As `docs/operating.md` recommends.
    const settings = {
      electionTimeoutMillis: 5_000,
      heartbeatTimeoutSecs: 4,
      heartbeatIntervalMillis: 500,
      catchUpTimeoutMillis: 1_000,
    };
    await eventually(
      'the set',
      async () =>
        members
          .#ask(0, { replSetInitiate: { _id: 'causeway', members: hosts, settings } })
          .catch(() => undefined),
      patienceMs,
    );
    await members.primary();
    return members;
  }

  get url(): string {
    const hosts = this.#members.map(({ passage }) => `127.0.0.1:${passage.port}`);
    return `mongodb://${hosts.join()}/?replicaSet=causeway`;
  }

  startMember(index: number): void {
    const member = this.#members[index]!;
    const options = ['--replSet', 'causeway', '--bind_ip', '127.0.0.1', '--port', String(member.port)];
    const small = ['--dbpath', member.dir, '--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '64'];
    member.process = spawn(this.#mongod, [...options, ...small, ...serverParameters], { stdio: 'ignore' });
  }

  /** The index of the member that accepts writes now. */
  async primary(): Promise<number> {
    return await eventually(
      'a primary',
      async () => {
        for (const index of this.#members.keys()) {
          const hello = await this.#ask(index, { hello: 1 }).catch(() => undefined);
          if (hello?.isWritablePrimary === true) return index;
        }
        return undefined;
      },
      patienceMs,
    );
  }

  /** Makes the primary step down. */
  async stepDown(): Promise<void> {
    await this.#ask(await this.primary(), { replSetStepDown: 5, force: true });
  }

  async kill(index: number): Promise<void> {
    const { process } = this.#members[index]!;
    if (process?.exitCode !== null || process.signalCode !== null) return;
    const exited = once(process, 'exit');
    process.kill('SIGKILL');
    await exited;
  }

  signal(index: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#members[index]!.process?.kill(signal);
  }

  /** The way to a member. */
  passageTo(index: number): Passage {
    return this.#members[index]!.passage;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#members.keys()].map(async (index) => this.kill(index)));
    await Promise.all(this.#members.map(async ({ passage }) => passage.close()));
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #ask(index: number, command: Document): Promise<Document> {
    const client = new MongoClient(`mongodb://127.0.0.1:${this.#members[index]!.port}/`, {
      directConnection: true,
      serverSelectionTimeoutMS: 1_000,
      connectTimeoutMS: 1_000,
      socketTimeoutMS: 2_000,
    });
    try {
      return await client.db('admin').command(command);
    } finally {
      await client.close();
    }
  }
}

/** A port of loopback that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
