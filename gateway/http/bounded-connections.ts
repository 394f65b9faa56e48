/**
 * Keeps connections to their bounds, before any route is asked: those who are not known yet, those who are nobody known,
 * and one endpoint alone never keep another out, and what none of them reads does not fill the memory.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { ConnectionLimit, type ConnectionBounds } from './connection-limit.ts';
import { HandshakeLimit, type HandshakeBounds } from './handshake-limit.ts';
import { RequestTurns, type Answer } from './request-turns.ts';
import { UnreadAnswers, type UnreadBounds } from './unread-answers.ts';

export type BoundsOptions = {
  /** Whose certificate a connection was opened with; undefined for whoever is no endpoint that takes part. */
  readonly endpointOf: (socket: TLSSocket) => EndpointAddress | undefined;
  /** Connections that carry no session. */
  readonly connections: ConnectionBounds;
  /** A request was refused with a typed error. */
  refused(error: CausewayError): void;
  /** Connections whose handshake is not done, and how often they are looked at. For tests. */
  readonly handshakes?: HandshakeBounds & { readonly lookMs: number };
  /** Answers that are not read. For tests. */
  readonly unread?: UnreadBounds;
};

export class BoundedConnections {
  readonly #unfinished: HandshakeLimit;
  readonly #finished: ConnectionLimit;
  readonly #unread: UnreadAnswers;
  readonly #turns: RequestTurns;

  constructor(options: BoundsOptions) {
    const { endpointOf, connections, handshakes, unread } = options;
    const refuse = (detail: string) => (): void =>
      options.refused(new CausewayError('rate-limited', { detail }));
    this.#unfinished = new HandshakeLimit(
      refuse('Too many connections have not done their TLS handshake.'),
      handshakes,
      handshakes?.lookMs,
    );
    this.#finished = new ConnectionLimit(
      connections,
      endpointOf,
      refuse('Too many connections carry no session.'),
    );
    this.#turns = new RequestTurns(refuse('Requests come without waiting for the answers.'));
    this.#unread = new UnreadAnswers(refuse('Answers are not read.'), unread);
  }

  /** Lets a server answer within the bounds. @param answer answers a request whose turn it is */
  guard(server: Server, answer: Answer): void {
    server.on('connection', (socket: Socket) => this.#unfinished.begin(socket));
    server.on('secureConnection', (socket: TLSSocket) => {
      this.#unfinished.done(socket);
      this.#unread.watch(socket);
      this.#finished.admit(socket);
    });
    const take: Answer = (request, response) => this.#turns.take({ request, response, answer: counted });
    const counted: Answer = (request, response) => {
      const socket = request.socket as TLSSocket;
      this.#finished.began(socket);
      response.once('close', () => this.#finished.answered(socket));
      answer(request, response);
    };
    server.on('request', take);
    // These Node would answer out of turn. HTTP lets a server pass over an expectation that it does not know.
    server.on('checkExpectation', take);
  }

  /** A session begins where nothing is being answered; otherwise the request waits for its turn like others. */
  mayUpgrade(socket: Socket): boolean {
    return !this.#turns.isAnswering(socket);
  }

  becameSession(socket: TLSSocket): void {
    this.#unread.release(socket);
    this.#finished.release(socket);
  }

  stop(): void {
    this.#unfinished.stop();
    this.#unread.stop();
  }
}
