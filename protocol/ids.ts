/** Names and identifiers that both sides write in the same way. */
import { z } from 'zod';
import { digestForm, endpointAddressForm, messageIdForm, slug, type EndpointAddress } from './id-forms.ts';

export {
  correlatorAddress,
  gatewayAddress,
  type Digest,
  type EndpointAddress,
  type MessageId,
} from './id-forms.ts';

/** An agency's short name: lower-case letters, digits and inner hyphens, at most 63. */
export const agencyIdSchema = z
  .string()
  .regex(new RegExp(`^${slug}$`), 'must be a lower-case name such as nhs-lanarkshire');

/** `agency/endpoint`: a system or team of an agency that connects. */
export const endpointAddressSchema = z
  .string()
  .regex(endpointAddressForm, 'must have the form agency/endpoint')
  .brand<'EndpointAddress'>();

/** `agency/endpoint`, or `agency/@role` for every endpoint of the agency that holds the role. */
export const recipientAddressSchema = z
  .string()
  .regex(new RegExp(`^${slug}/@?${slug}$`), 'must have the form agency/endpoint or agency/@role');

/** A message's id: a UUID version 7 in lower case, chosen by the sender and stable over retries. */
export const messageIdSchema = z
  .string()
  .regex(messageIdForm, 'must be a UUID version 7 in lower case')
  .brand<'MessageId'>();

/** SHA-256 in base64url without padding, 43 characters. */
export const digestSchema = z
  .string()
  .regex(digestForm, 'must be a SHA-256 digest in base64url')
  .brand<'Digest'>();

/** An OpenPGP version 6 key fingerprint: 32 bytes in lower-case hexadecimal. */
export const fingerprintSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a version 6 fingerprint of 64 hexadecimal digits')
  .brand<'Fingerprint'>();
export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** A name from the policy folder: category, severity, purpose, basis, role. */
export const slugSchema = z.string().regex(new RegExp(`^${slug}$`), 'must be a lower-case name');

/** The name under which an endpoint's TLS certificate identifies it: `urn:causeway:<agency>:<endpoint>`. */
export function endpointUri(endpoint: EndpointAddress): string {
  return `urn:causeway:${endpoint.replace('/', ':')}`;
}

/** The endpoint that such a name stands for, or undefined. */
export function parseEndpointUri(uri: string): EndpointAddress | undefined {
  const match = /^urn:causeway:([^:/]+):([^:/]+)$/.exec(uri);
  return endpointAddressSchema.safeParse(match === null ? '' : `${match[1]}/${match[2]}`).data;
}

/** The agency part of an address: what stands before the slash, or all of it where there is none. */
export function agencyOf(address: string): string {
  const slash = address.indexOf('/');
  return slash < 0 ? address : address.slice(0, slash);
}

/** True when two lists name the same things and neither names one twice. */
export function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  if (left.length === 1) return left[0] === right[0];
  const known = new Set(left);
  return (
    known.size === left.length &&
    new Set(right).size === right.length &&
    right.every((item) => known.has(item))
  );
}
