/** A publisher, a consumer, and one gateway or several between them on one store. */
import { createSandbox, enrolEndpoints } from '../../bin/sandbox.ts';
import { Child, type ChildMessage } from '../child.ts';
import { consumerAddress, publisherAddress, writePlan } from './plan.ts';
import { measureThroughput, type Processes, type Throughput } from './throughput.ts';

export type RigOptions = {
  /** How many messages the publisher keeps unaccepted. */
  readonly window: number;
  readonly durableConsumer: boolean;
  /** The address of another store than the embedded one. */
  readonly store?: string;
  /** Default 1. The publisher is connected to the first one, the consumer to the last one. */
  readonly gateways?: number;
};

export class Rig implements Processes {
  readonly publisher: Child;
  readonly gateways: readonly Child[];
  readonly consumer: Child;
  readonly #children: readonly Child[];

  private constructor({ publisher, gateways, consumer }: Processes) {
    this.publisher = publisher;
    this.gateways = gateways;
    this.consumer = consumer;
    this.#children = [publisher, consumer, ...gateways];
  }

  /** Makes a home, endpoints and processes in a folder, and waits until all are connected. */
  static async open(dir: string, options: RigOptions): Promise<Rig> {
    const { window, durableConsumer, store, gateways: count = 1 } = options;
    const children: Child[] = [];
    const start = (name: string, args: readonly string[]): Child => {
      const child = new Child(new URL(name, import.meta.url), args);
      children.push(child);
      return child;
    };
    try {
      const home = await createSandbox(dir);
      const gateways: Child[] = [];
      const urls: string[] = [];
      for (let index = 0; index < count; index++) {
        const gateway = start('./gateway-process.ts', [home.dir, '100', store ?? '']);
        urls.push((await gateway.next<ChildMessage & { url: string }>('listening')).url);
        gateways.push(gateway);
      }
      const people = [
        { address: publisherAddress, roles: [] },
        { address: consumerAddress, roles: ['duty'] },
      ];
      const stored = store === undefined ? home : { ...home, store };
      const [publisherHome = '', consumerHome = ''] = await enrolEndpoints(
        dir,
        stored,
        urls[0] ?? '',
        people,
      );
      const plan = await writePlan(dir, publisherHome, consumerHome);
      const memory = durableConsumer ? 'durable' : 'memory';
      const consumer = start('./consumer.ts', [consumerHome, plan, '2048', memory, urls.at(-1) ?? '']);
      await consumer.next('ready');
      const publisher = start('./publisher.ts', [publisherHome, plan, String(window)]);
      await publisher.next('ready');
      return new Rig({ publisher, gateways, consumer });
    } catch (error) {
      await Promise.all(children.map(async (child) => child.stop()));
      throw error;
    }
  }

  async measureThroughput(seconds: number): Promise<Throughput> {
    return await measureThroughput(this, seconds);
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(async (child) => child.stop()));
  }
}
