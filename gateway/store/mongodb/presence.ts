/**
 * Who listens where: each gateway writes down now and then which endpoints have a session with it, and reads what
 * the others wrote. Nothing is promised on it; it tells a sender whether a recipient is likely to see a message now.
 *
 * A gateway counts as running while its beat keeps growing as seen from here, so no two clocks are compared. The
 * line of one that died is taken away by whoever has seen it unchanged for long, and only if it still is.
 */
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { Collections, GatewayDocument } from './documents.ts';

const beatMs = 1_000;
/** A gateway whose beat stands still for so long has no sessions that count. */
const silentAfterMs = 5_000;
const forgottenAfterMs = 3_600_000;

export type PresenceOptions = {
  readonly gateways: Collections['gateway'];
  readonly writer: string;
  /** The endpoints that listen here now. */
  readonly listening: () => Iterable<EndpointAddress>;
};

type Peer = {
  readonly beat: number;
  readonly revision: number;
  readonly changedAt: number;
  /** Seen to grow: the line may be that of a gateway that died before this one started. */
  readonly isAlive: boolean;
  readonly listening: ReadonlySet<EndpointAddress>;
};

export class Presence {
  readonly #options: PresenceOptions;
  readonly #timer: NodeJS.Timeout;
  #peers = new Map<string, Peer>();
  #written = '';
  #revision = 0;
  #running: Promise<void> | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      // Presence may fail for a while; the watch tells when the server cannot be reached.
      this.#running ??= this.#beat()
        .catch(() => undefined)
        .finally(() => (this.#running = undefined));
    }, beatMs);
    this.#timer.unref();
  }

  isListeningElsewhere(endpoint: EndpointAddress): boolean {
    return this.#peersThatRun().some(({ listening }) => listening.has(endpoint));
  }

  /** Whether another gateway runs. */
  get hasPeers(): boolean {
    return this.#peersThatRun().length > 0;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    const { gateways, writer } = this.#options;
    if (this.#revision > 0) await gateways.deleteOne({ _id: writer }).catch(() => undefined);
  }

  #peersThatRun(): readonly Peer[] {
    const now = performance.now();
    return [...this.#peers.values()].filter(
      ({ changedAt, isAlive }) => isAlive && now - changedAt < silentAfterMs,
    );
  }

  async #beat(): Promise<void> {
    await this.#write();
    await this.#read();
  }

  async #write(): Promise<void> {
    const { gateways, writer, listening } = this.#options;
    const endpoints = [...listening()].sort();
    const text = endpoints.join(' ');
    const isNew = this.#revision === 0 || text !== this.#written;
    const revision = isNew ? this.#revision + 1 : this.#revision;
    const { matchedCount } = await gateways.updateOne(
      { _id: writer },
      { $inc: { beat: 1 }, ...(isNew && { $set: { revision, listening: endpoints } }) },
      { upsert: isNew },
    );
    if (!isNew && matchedCount === 0) {
      // Taken away while this process stood still for long: written anew with the next beat.
      this.#revision = 0;
      return;
    }
    this.#revision = revision;
    this.#written = text;
  }

  async #read(): Promise<void> {
    const { gateways, writer } = this.#options;
    const others = await gateways
      .find({ _id: { $ne: writer } }, { projection: { beat: 1, revision: 1 } })
      .toArray();
    const now = performance.now();
    const peers = new Map<string, Peer>();
    for (const other of others) {
      const peer = await this.#renew(other, now);
      if (peer !== undefined) peers.set(other._id, peer);
    }
    this.#peers = peers;
  }

  async #renew(
    { _id, beat, revision }: Pick<GatewayDocument, '_id' | 'beat' | 'revision'>,
    now: number,
  ): Promise<Peer | undefined> {
    const { gateways } = this.#options;
    const known = this.#peers.get(_id);
    if (known?.revision === revision) {
      if (known.beat !== beat) return { ...known, beat, changedAt: now, isAlive: true };
      if (now - known.changedAt > forgottenAfterMs) await gateways.deleteOne({ _id, beat });
      return known;
    }
    const found = await gateways.findOne({ _id });
    if (found === null) return undefined;
    return {
      beat: found.beat,
      revision: found.revision,
      changedAt: now,
      isAlive: known !== undefined,
      listening: new Set(found.listening),
    };
  }
}
