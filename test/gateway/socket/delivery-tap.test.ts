import { expect, it } from 'vitest';
import type { Dispatcher } from '../../../gateway/delivery/dispatcher.ts';
import { Outlet } from '../../../gateway/delivery/outlet.ts';
import type { EndpointSink } from '../../../gateway/delivery/sink.ts';
import { DeliveryTap } from '../../../gateway/socket/delivery-tap.ts';
import { limits } from '../../../protocol/limits.ts';
import { health } from '../store/synthetic-messages.ts';

it('what one frame confirms is marked in portions that a commit can take, in order', () => {
  const sink = {} as EndpointSink;
  const confirmed = Array.from({ length: 65_536 }, (_, index) => index + 1);
  const dispatcher = { open: () => new Outlet(sink, null), confirm: () => confirmed };
  const tap = new DeliveryTap(health, dispatcher as unknown as Dispatcher);
  tap.open(sink, null);
  const portions = tap.confirm(confirmed.length);
  expect(Math.max(...portions.map(({ length }) => length))).toBe(limits.maxUnits);
  expect(portions.flat()).toEqual(confirmed);
});
