/** A whole exchange for one test file: a gateway in this process on a temporary folder, and enrolled endpoints. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createSandbox, enrolEndpoints, shippedPolicies } from '../../../bin/sandbox.ts';
import { startGateway, type GatewayOptions, type RunningGateway } from '../../../gateway/app.ts';
import { openGatewayHome, type GatewayHome } from '../../../gateway/home/gateway-home.ts';
import { revokeEndpoint } from '../../../gateway/identity/revocation.ts';
import { openStore } from '../../../gateway/open-store.ts';
import { eachLeaf } from '../../../gateway/store/each-leaf.ts';
import type { RecordEntry, Store, StoredLeaf } from '../../../gateway/store/port.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { signingKeyFromRaw, type SigningKey } from '../../../protocol/proof/signing.ts';
import { barePolicies } from '../../gateway/policy/policy-folder.ts';
import { prepareChildGateway, type ChildGateway, type SpareGateway } from './child-gateway.ts';
import { openTestEndpoint, type TestEndpoint } from './endpoint.ts';
import { RawSession, type SessionOptions } from './raw-session.ts';
import { eventually } from './watch.ts';

/** Addresses that the shipped policies let talk to one another. */
export const addresses = {
  police: 'strathclyde-police/public-protection',
  north: 'north-lanarkshire-social-work/duty',
  night: 'north-lanarkshire-social-work/duty-night',
  south: 'south-lanarkshire-social-work/duty',
  health: 'nhs-lanarkshire/child-protection',
} as const;
export type Name = keyof typeof addresses;

const rolesOf: Record<Name, readonly string[]> = {
  police: ['public-protection'],
  north: ['duty'],
  night: ['duty'],
  south: ['duty'],
  health: ['child-protection'],
};

type RunOptions = Pick<GatewayOptions, 'quotas' | 'now' | 'port' | 'readFreeBytes' | 'monotonicMs'>;

export type ExchangeOptions = RunOptions & {
  /** The address of another store than the embedded one. */
  readonly storeAddress?: string;
  /** Leaves all data sets but one out of the agreement: most of a gateway's start goes into compiling them. */
  readonly isBare?: boolean;
  /** Has the gateway run as a process of its own from the beginning; see {@link Exchange.startChild}. */
  readonly isChild?: boolean;
};

export class Exchange {
  readonly dir: string;
  readonly home: GatewayHome;
  /** What the gateway logged as its own failure. A test that expects some takes them out. */
  readonly failures: Record<string, unknown>[] = [];
  /** The process that the gateway runs as, where it was started as one. */
  child: ChildGateway | undefined;
  #options: RunOptions;
  #gateway: RunningGateway | undefined;
  #store: Store | undefined;
  #spare: SpareGateway | undefined;
  readonly #sessions: RawSession[] = [];
  readonly #expectedFailures = new Set<string>();
  readonly #expected: Record<string, unknown>[] = [];

  private constructor(dir: string, home: GatewayHome, options: RunOptions) {
    this.dir = dir;
    this.home = home;
    this.#options = options;
  }

  /** Makes the folder and starts the gateway. */
  static async open(options: ExchangeOptions = {}): Promise<Exchange> {
    const dir = await mkdtemp(join(tmpdir(), 'causeway-e2e-'));
    const { isBare = false, isChild = false, storeAddress, ...rest } = options;
    const policies = isBare ? await barePolicies(join(dir, 'policies')) : shippedPolicies;
    const home = await createSandbox(dir, policies);
    if (storeAddress !== undefined) await setStore(home, storeAddress);
    const exchange = new Exchange(dir, await openGatewayHome(home.dir, Date.now), rest);
    await (isChild ? exchange.startChild() : exchange.start());
    return exchange;
  }

  get url(): string {
    if (this.#gateway === undefined) throw new Error('the gateway is not running');
    return this.#gateway.url;
  }

  get receiptKey(): SigningKey {
    return signingKeyFromRaw(Buffer.from(this.home.receiptKey, 'base64url'));
  }

  async start(options: RunOptions = this.#options): Promise<void> {
    this.#options = options;
    this.#gateway = await startGateway({ home: this.home, log: this.#log(), port: 0, ...options });
  }

  /** Starts one more gateway on the same home and store. The caller closes it. */
  async startAnother(): Promise<RunningGateway> {
    return await startGateway({ home: this.home, log: this.#log(), port: 0, ...this.#options });
  }

  async stop(drainMs?: number): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    await gateway?.close(drainMs);
  }

  async restart(options?: RunOptions): Promise<void> {
    await this.stop(1_000);
    await this.start(options);
  }

  /** Enrols endpoints over HTTPS. */
  async enrol<N extends Name>(...names: readonly N[]): Promise<Record<N, TestEndpoint>> {
    const endpoints = names.map((name) => ({ address: addresses[name], roles: rolesOf[name] }));
    const homes = await enrolEndpoints(this.dir, this.home, this.url, endpoints);
    const opened = await Promise.all(homes.map((dir) => openTestEndpoint(dir)));
    return Object.fromEntries(names.map((name, index) => [name, opened[index]!])) as Record<N, TestEndpoint>;
  }

  /** Runs the gateway as a process of its own from now on, until `stop`. */
  async startChild(): Promise<ChildGateway> {
    this.prepareChild();
    const child = await this.#spare!.start();
    this.#spare = undefined;
    this.child = child;
    this.#gateway = {
      url: child.url,
      port: Number(new URL(child.url).port),
      close: () => child.kill(),
    };
    return child;
  }

  /** Has the next child load the program meanwhile; it touches neither home nor store before its start. */
  prepareChild(): void {
    this.#spare ??= prepareChildGateway(this.home.dir, this.home.authority.certificatePem);
  }

  /** Opens a session; it is cut off when the exchange closes. */
  async connect(endpoint: TestEndpoint, options: SessionOptions = {}): Promise<RawSession> {
    const session = new RawSession(options.url ?? this.url, endpoint, this.receiptKey, options);
    this.#sessions.push(session);
    if (options.hello !== null) await session.welcomed();
    return session;
  }

  /** The store's own view, through a connection of its own. */
  async store(): Promise<Store> {
    this.#store ??= await openStore(this.home.store, this.home.storeKeys);
    return this.#store;
  }

  async records(): Promise<readonly StoredLeaf[]> {
    return Array.fromAsync(eachLeaf(await this.store()));
  }

  /** Waits for a record with these members. */
  async recorded(members: Record<string, unknown>): Promise<RecordEntry> {
    return await eventually(`a record with ${JSON.stringify(members)}`, async () => {
      const wanted = Object.entries(members);
      const found = (await this.records()).find(({ entry }) =>
        wanted.every(([name, value]) => entry[name] === value),
      );
      return found?.entry;
    });
  }

  /** Incidents are recorded once a second: a test notes what it expects, and the file waits once for all. */
  expectRecord(members: Record<string, unknown>): void {
    this.#expected.push(members);
  }

  async expectedRecords(): Promise<void> {
    for (const members of this.#expected) await this.recorded(members);
  }

  /** From now on failures with this code may come at any time, as the gateway tries again. */
  expectFailures(code: string): void {
    this.#expectedFailures.add(code);
  }

  /** Takes out and gives what was logged with these codes. */
  takeFailures(...codes: readonly string[]): Record<string, unknown>[] {
    const taken = this.failures.filter(({ code }) => codes.includes(String(code)));
    const left = this.failures.filter((failure) => !taken.includes(failure));
    this.failures.splice(0, this.failures.length, ...left);
    return taken;
  }

  async revoke(endpoint: TestEndpoint | EndpointAddress): Promise<void> {
    const address = typeof endpoint === 'string' ? endpoint : endpoint.address;
    await revokeEndpoint(await this.store(), address, 'key-compromised', Date.now());
  }

  /** Ends everything and removes the folder. @throws Error when the gateway failed in a way no test expected */
  async close(): Promise<void> {
    for (const session of this.#sessions) session.terminate();
    await this.stop(500);
    await this.#spare?.discard();
    await this.#store?.close();
    await rm(this.dir, { recursive: true, force: true });
    this.takeFailures(...this.#expectedFailures);
    if (this.failures.length > 0) throw new Error(`the gateway failed: ${JSON.stringify(this.failures)}`);
  }

  #log() {
    const sink = new Writable({
      write: (line: Buffer, _encoding, done) => {
        this.failures.push(JSON.parse(line.toString('utf8')) as Record<string, unknown>);
        done();
      },
    });
    return pino({ level: 'error' }, sink);
  }
}

/** As an operator would, in `gateway.yaml`. */
async function setStore(home: GatewayHome, address: string): Promise<void> {
  const file = join(home.dir, 'gateway.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^store: .*$/m, `store: ${JSON.stringify(address)}`));
}
