/**
 * The forms of names and identifiers, without the library that checks schemas: the threads of the store, which start
 * with every command, need no more. `ids.ts` makes schemas of them.
 */
import type { z } from 'zod';

export type EndpointAddress = string & z.$brand<'EndpointAddress'>;
export type MessageId = string & z.$brand<'MessageId'>;
export type Digest = string & z.$brand<'Digest'>;

/** A lower-case name, to be put into larger forms: letters, digits and inner hyphens, at most 63. */
export const slug = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
export const endpointAddressForm = new RegExp(`^${slug}/${slug}$`);
export const messageIdForm = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const digestForm = /^[A-Za-z0-9_-]{43}$/;

/** The address under which the gateway itself signs receipts. The agency `gateway` is reserved. */
export const gatewayAddress = 'gateway/relay' as EndpointAddress;

/** The address from which alerts come. */
export const correlatorAddress = 'gateway/correlator' as EndpointAddress;

export function isEndpointAddress(value: unknown): value is EndpointAddress {
  return typeof value === 'string' && endpointAddressForm.test(value);
}

export function isMessageId(value: unknown): value is MessageId {
  return typeof value === 'string' && messageIdForm.test(value);
}

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && digestForm.test(value);
}
