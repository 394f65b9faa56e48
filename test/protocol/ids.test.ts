import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agencyIdSchema,
  agencyOf,
  digestSchema,
  endpointAddressSchema,
  endpointUri,
  fingerprintSchema,
  gatewayAddress,
  messageIdSchema,
  parseEndpointUri,
  recipientAddressSchema,
  slugSchema,
  type EndpointAddress,
  type MessageId,
} from '../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../protocol/uuid.ts';

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, values: unknown[]): unknown[] =>
  values.filter((value) => schema.safeParse(value).success);

describe('Names', () => {
  it('are lower-case letters, digits and inner hyphens, 63 at most', () => {
    const good = ['a', '7', 'nhs-lanarkshire', 'a--b', 'a'.repeat(63)];
    const bad = ['', '-a', 'a-', 'A', 'a b', 'a_b', 'a.b', 'ä', 'a\n', 'a'.repeat(64), 7, null];
    for (const schema of [agencyIdSchema, slugSchema]) {
      expect(accepts(schema, [...good, ...bad])).toEqual(good);
    }
  });

  it('make addresses of endpoints and of roles', () => {
    const endpoints = ['a/b', 'nhs-lanarkshire/emergency', gatewayAddress];
    const roles = ['a/@b', 'strathclyde-police/@duty'];
    const bad = ['a', 'a/', '/b', 'a/b/c', '@a/b', 'a/@', 'a/@@b', 'a/b\n', ' a/b'];
    expect(accepts(endpointAddressSchema, [...endpoints, ...roles, ...bad])).toEqual(endpoints);
    expect(accepts(recipientAddressSchema, [...endpoints, ...roles, ...bad])).toEqual([
      ...endpoints,
      ...roles,
    ]);
    expect(endpoints.map(agencyOf)).toEqual(['a', 'nhs-lanarkshire', 'gateway']);
  });
});

describe('The name in a certificate', () => {
  it('stands for one endpoint and comes back from it', () => {
    const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    fc.assert(
      fc.property(slug, slug, (agency, name) => {
        const endpoint = `${agency}/${name}` as EndpointAddress;
        expect(endpointUri(endpoint)).toBe(`urn:causeway:${agency}:${name}`);
        expect(parseEndpointUri(endpointUri(endpoint))).toBe(endpoint);
      }),
    );
  });

  it.each([
    '',
    'urn:causeway:a',
    'urn:causeway:a:b:c',
    'urn:causeway:a/b:c',
    'urn:causeway:A:b',
    'urn:other:a:b',
    ' urn:causeway:a:b',
    'urn:causeway:a:b\n',
    'urn:causeway:a:@b',
  ])('is not %j', (uri) => expect(parseEndpointUri(uri)).toBeUndefined());
});

describe('Identifiers', () => {
  it('of messages are version 7 and lower case', () => {
    const good = ['01936d9c-7b2a-7c3d-8e4f-0123456789ab', '00000000-0000-7000-b000-000000000000'];
    const bad = [
      '01936d9c-7b2a-4c3d-8e4f-0123456789ab',
      '01936d9c-7b2a-7c3d-ce4f-0123456789ab',
      '01936D9C-7b2a-7c3d-8e4f-0123456789ab',
      '01936d9c7b2a7c3d8e4f0123456789ab',
      '00000000-0000-0000-0000-000000000000',
      '01936d9c-7b2a-7c3d-8e4f-0123456789ab\n',
    ];
    expect(accepts(messageIdSchema, [...good, ...bad])).toEqual(good);
  });

  it('come back from their 16 bytes, at any offset', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 7 }), fc.nat(20), (uuid, offset) => {
        const bytes = uuidToBytes(uuid as MessageId);
        expect(bytes).toHaveLength(16);
        const larger = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(3)]);
        expect(uuidFromBytes(larger, offset)).toBe(uuid);
        expect(uuidFromBytes(larger.subarray(offset))).toBe(uuid);
      }),
    );
  });

  it('of keys and contents have one length and one alphabet', () => {
    const digest = 'aZ09-_'.padEnd(43, 'A');
    expect(accepts(digestSchema, [digest, digest.slice(1), `${digest}A`, `${digest.slice(1)}=`])).toEqual([
      digest,
    ]);
    const fingerprint = '0f'.repeat(32);
    const bad = [fingerprint.toUpperCase(), fingerprint.slice(1), '0f'.repeat(20), `${fingerprint}\n`];
    expect(accepts(fingerprintSchema, [fingerprint, ...bad])).toEqual([fingerprint]);
  });
});
