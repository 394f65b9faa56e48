/** A session's side of delivery: what it may be given, what it has confirmed, and when it takes no more. */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { Outlet } from '../delivery/outlet.ts';
import type { EndpointSink } from '../delivery/sink.ts';
import type { DeliveryId } from '../store/port.ts';

export class DeliveryTap {
  readonly #endpoint: EndpointAddress;
  readonly #dispatcher: Dispatcher;
  #outlet: Outlet | undefined;
  /** True once the outlet takes no more deliveries; those pushed before can still be confirmed. */
  #isReleased = false;

  constructor(endpoint: EndpointAddress, dispatcher: Dispatcher) {
    this.#endpoint = endpoint;
    this.#dispatcher = dispatcher;
  }

  /** @param receiptsAfter the last receipt group that the endpoint has; `null` to be told none */
  open(sink: EndpointSink, receiptsAfter: number | null): void {
    this.#outlet = this.#dispatcher.open(this.#endpoint, sink, receiptsAfter);
  }

  /** @throws CausewayError `frame-unexpected` */
  grant(messages: number): void {
    const outlet = this.#outlet;
    if (outlet === undefined) throw unexpected('credit came before the welcome.');
    if (outlet.credit + messages > limits.maxCredit) throw unexpected('More credit than the welcome allows.');
    this.#dispatcher.grant(this.#endpoint, outlet, messages);
  }

  /**
   * One frame may confirm tens of thousands, which are more than one commit can take.
   * @returns the deliveries that this confirms for the first time, each portion for a commit
   * @throws CausewayError `frame-unexpected`
   */
  confirm(units: number): readonly (readonly DeliveryId[])[] {
    const outlet = this.#outlet;
    const deliveries = outlet && this.#dispatcher.confirm(this.#endpoint, outlet, units);
    if (deliveries === undefined) throw unexpected('More units confirmed than were delivered.');
    const portions: DeliveryId[][] = [];
    for (let from = 0; from < deliveries.length; from += limits.maxUnits)
      portions.push(deliveries.slice(from, from + limits.maxUnits));
    return portions;
  }

  /** The socket has room again. */
  resume(): void {
    if (this.#outlet !== undefined && !this.#isReleased)
      this.#dispatcher.resume(this.#endpoint, this.#outlet);
  }

  /** Gives back what was not pushed. May be called again. */
  release(): void {
    if (this.#outlet === undefined || this.#isReleased) return;
    this.#isReleased = true;
    this.#dispatcher.close(this.#endpoint, this.#outlet);
  }
}

function unexpected(detail: string): CausewayError {
  return new CausewayError('frame-unexpected', { detail });
}
