/** What is held back: noted and told of once, and asked for again when its sender's keys are trusted. */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import type { ClientEmitter, HeldNotice } from './events.ts';
import { InboxTable, mayAwaitTrust, mostHeld } from './inbox-table.ts';
import type { StateDatabase } from './state-database.ts';

type HeldMessagesDependencies = {
  readonly state: StateDatabase;
  readonly emitter: ClientEmitter;
  readonly now: () => number;
  /** See `GatewayClock.earliest`. */
  readonly earliest: () => number;
};

export class HeldMessages {
  readonly #deps: HeldMessagesDependencies;
  readonly #table: InboxTable;
  /** Senders of what was held in this session until their keys are trusted. */
  readonly #senders = new Set<EndpointAddress>();
  /** Once in a session is enough, however many there are. */
  #hasToldLeftOut = false;

  constructor(deps: HeldMessagesDependencies) {
    this.#deps = deps;
    this.#table = new InboxTable(deps.state.statements);
  }

  /** See `InboxTable.readHeld`. */
  list(): HeldNotice[] {
    return this.#table.readHeld(this.#deps.earliest());
  }

  get count(): number {
    return this.#table.countHeld(this.#deps.earliest());
  }

  async hold(envelope: Envelope, { code }: CausewayError): Promise<void> {
    const held: HeldNotice = {
      id: envelope.id,
      from: envelope.source,
      code,
      category: envelope.category,
      severity: envelope.severity,
      heldAt: this.#deps.now(),
      expiresAt: Date.parse(envelope.expires),
    };
    if (mayAwaitTrust(code)) this.#senders.add(envelope.source);
    const { state, earliest } = this.#deps;
    const became = await state.write(() => this.#table.hold(held, earliest()));
    if (became === 'noted') this.#deps.emitter.emit('held', held);
    if (became === 'left out') this.#tellLeftOut(held);
  }

  /** It waits for nothing any more. */
  release({ id, source }: Pick<Envelope, 'id' | 'source'>): void {
    if (!this.#table.isHeld(id, source)) return;
    this.#deps.state.writeLater(() => this.#table.releaseOne(id, source));
  }

  /** A session has begun: by its clock, too, these have expired. */
  dropExpired(): void {
    const { state, earliest } = this.#deps;
    const expiredBy = earliest();
    if (this.#table.countHeld(0) > this.count) state.writeLater(() => this.#table.dropExpired(expiredBy));
  }

  #tellLeftOut({ from, code }: HeldNotice): void {
    if (this.#hasToldLeftOut) return;
    this.#hasToldLeftOut = true;
    const detail = `A notice of ${from} is held and not listed: ${mostHeld.ofOne} of one sender are, and ${mostHeld.inAll} in all.`;
    this.#deps.emitter.emit('problem', new CausewayError(code, { detail }));
  }

  /**
   * The keys of these endpoints are trusted, and were not before.
   * @returns true when a message of one of them was held in this session
   */
  trusted(senders: readonly EndpointAddress[]): boolean {
    if (this.#table.awaitsTrust(senders)) {
      this.#deps.state.writeLater(() => this.#table.releaseAll(senders));
    }
    return senders.filter((sender) => this.#senders.delete(sender)).length > 0;
  }

  /** The session has ended: in the next one everything comes again. */
  forget(): void {
    this.#senders.clear();
    this.#hasToldLeftOut = false;
  }
}
