/**
 * Bounds the connections that carry no session, by who holds them.
 *
 * ```
 * handshake done ──▶ an endpoint's: each has so many ──upgraded──▶ a session, bounded by session-registry.ts
 *               └──▶ a stranger's: all of them share so many
 * ```
 *
 * A stranger is whoever shows no certificate of an endpoint that takes part: it enrols, watches the gateway's health or
 * reads its log, or was revoked. What strangers hold must never keep an endpoint out, nor one endpoint another, nor whoever
 * held its keys before the endpoint itself.
 */
import type { TLSSocket } from 'node:tls';
import type { EndpointAddress } from '../../protocol/ids.ts';

export type ConnectionBounds = {
  /** Of all strangers together. */
  readonly strangers: number;
  /** Of each endpoint. */
  readonly ofOneEndpoint: number;
};

/** Far more than enrol, watch and read at the same time. */
const maxStrangers = 512;
/** Enough for the requests of several programs of an endpoint at a time. */
const maxRequesting = 16;

/** @param sessionsPerEndpoint how many an endpoint may have: after a restart they may all come back at once */
export function connectionBounds(sessionsPerEndpoint: number): ConnectionBounds {
  return { strangers: maxStrangers, ofOneEndpoint: maxRequesting + sessionsPerEndpoint };
}

/** Whose certificate a connection shows, as of now; undefined for a stranger. */
type EndpointOf = (socket: TLSSocket) => EndpointAddress | undefined;

export class ConnectionLimit {
  readonly #bounds: ConnectionBounds;
  readonly #endpointOf: EndpointOf;
  readonly #onLetGo: () => void;
  /** The oldest first. */
  readonly #strangers = new Set<TLSSocket>();
  /** Those first that have been idle for longest. */
  readonly #byEndpoint = new Map<EndpointAddress, Set<TLSSocket>>();
  /** Who holds a connection of an endpoint. */
  readonly #holders = new Map<TLSSocket, EndpointAddress>();
  readonly #answering = new Set<TLSSocket>();

  /** @param onLetGo told of each connection that is ended */
  constructor(bounds: ConnectionBounds, endpointOf: EndpointOf, onLetGo: () => void) {
    this.#bounds = bounds;
    this.#endpointOf = endpointOf;
    this.#onLetGo = onLetGo;
  }

  /** Takes a connection whose handshake is done. One too many costs an older one: the newest may be in earnest. */
  admit(socket: TLSSocket): void {
    const endpoint = this.#endpointOf(socket);
    socket.once('close', () => this.release(socket));
    if (endpoint === undefined) {
      this.#strangers.add(socket);
      // Not the oldest idle one: who has just come is idle too, and a crowd that asks slowly would end it at once.
      if (this.#strangers.size > this.#bounds.strangers) this.#letGo(firstOf(this.#strangers));
      return;
    }
    const own = this.#byEndpoint.get(endpoint) ?? new Set();
    own.add(socket);
    this.#byEndpoint.set(endpoint, own);
    this.#holders.set(socket, endpoint);
    if (own.size > this.#bounds.ofOneEndpoint)
      this.#letGo(this.#formerOf(own, endpoint) ?? this.#idleOf(own) ?? firstOf(own));
  }

  /** A request on a connection is being answered. */
  began(socket: TLSSocket): void {
    this.#answering.add(socket);
  }

  /** It has been answered: the connection is idle from now on. */
  answered(socket: TLSSocket): void {
    this.#answering.delete(socket);
    const own = this.#ownOf(socket);
    if (own?.delete(socket) === true) own.add(socket);
  }

  /** It has become a session, or is closed. */
  release(socket: TLSSocket): void {
    this.#strangers.delete(socket);
    this.#answering.delete(socket);
    const endpoint = this.#holders.get(socket);
    if (endpoint === undefined) return;
    const own = this.#ownOf(socket);
    own?.delete(socket);
    if (own?.size === 0) this.#byEndpoint.delete(endpoint);
    this.#holders.delete(socket);
  }

  #ownOf(socket: TLSSocket): Set<TLSSocket> | undefined {
    const endpoint = this.#holders.get(socket);
    return endpoint === undefined ? undefined : this.#byEndpoint.get(endpoint);
  }

  /** One from before the endpoint was revoked or enrolled again. */
  #formerOf(own: ReadonlySet<TLSSocket>, endpoint: EndpointAddress): TLSSocket | undefined {
    for (const socket of own) if (this.#endpointOf(socket) !== endpoint) return socket;
    return undefined;
  }

  #idleOf(own: ReadonlySet<TLSSocket>): TLSSocket | undefined {
    for (const socket of own) if (!this.#answering.has(socket)) return socket;
    return undefined;
  }

  #letGo(socket: TLSSocket | undefined): void {
    if (socket === undefined) return;
    this.release(socket);
    socket.destroy();
    this.#onLetGo();
  }
}

function firstOf(sockets: ReadonlySet<TLSSocket>): TLSSocket | undefined {
  const [first] = sockets;
  return first;
}
