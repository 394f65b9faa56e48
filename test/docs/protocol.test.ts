import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { catalogue, errorCodes } from '../../protocol/errors.ts';
import { maxProofBytes } from '../../protocol/proof/batch-proof.ts';
import { witnessedCheckpointFile } from '../../protocol/proof/checkpoint.ts';
import { signingDomains } from '../../protocol/proof/signing.ts';
import { contentHeaderSchema, maxContentHeaderBytes } from '../../protocol/wire/content.ts';
import {
  clientFrameSchema,
  gatewayFrameSchema,
  parseClientFrame,
  parseGatewayFrame,
} from '../../protocol/wire/control.ts';
import { directoryEntrySchema, directoryResponseSchema } from '../../protocol/wire/directory.ts';
import {
  decodeEnrolmentToken,
  enrolmentRequestSchema,
  enrolmentResponseSchema,
} from '../../protocol/wire/enrolment.ts';
import { envelopeSchema, severities } from '../../protocol/wire/envelope.ts';
import { frameKinds } from '../../protocol/wire/frame.ts';
import { limits, socketPath, subprotocol } from '../../protocol/limits.ts';
import { receiptKinds } from '../../protocol/wire/receipt.ts';
import { blocksOf, protocolText, rowsOf, sectionOf } from './protocol-text.ts';

const namesIn = (heading: string): (string | undefined)[] => rowsOf(sectionOf(heading)).map(([name]) => name);
const isOptional = (schema: { safeParse(value: unknown): { success: boolean } }): boolean =>
  schema.safeParse(undefined).success;

/** Fields of an object schema against the first table of a section: the same names, and the same ones optional. */
function expectFields(heading: string, shape: Record<string, z.ZodType>): void {
  const rows = rowsOf(sectionOf(heading));
  expect(rows.map(([name]) => name)).toEqual(Object.keys(shape));
  for (const [name = '', type] of rows) {
    expect([name, type?.includes('optional')]).toEqual([name, isOptional(shape[name]!)]);
  }
}

const directions = [
  { from: 'client', options: clientFrameSchema.options, parse: parseClientFrame },
  { from: 'gateway', options: gatewayFrameSchema.options, parse: parseGatewayFrame },
] as const;

describe('docs/protocol.md', () => {
  it('names path, subprotocol, domains and every limit with its value', () => {
    expect(protocolText).toContain(`wss://HOST${socketPath}`);
    expect(protocolText).toContain(`subprotocol \`${subprotocol}\``);
    for (const domain of Object.values(signingDomains)) {
      expect(protocolText).toContain(`"${domain.slice(0, -1)}" ‖ 0x00`);
    }
    const rows = rowsOf(sectionOf('### Limits')).map(([name, value]) => [name, Number(value)]);
    expect(rows).toEqual(Object.entries(limits));
    expect(maxProofBytes).toBe(68 + 6 * 32);
    expect(sectionOf('### 8.2 Inside the payload')).toContain(`at most ${maxContentHeaderBytes} bytes`);
  });

  it('names where the checkpoint stands that witnesses have cosigned', () => {
    const section = sectionOf('### 12.1 Proof that an entry is in the log');
    expect(section).toContain(`\`/${witnessedCheckpointFile}\``);
  });

  it('describes every field of the envelope and no other', () => {
    expectFields('## 6. The envelope', envelopeSchema.shape);
    const row = rowsOf(sectionOf('## 6. The envelope')).find(([name]) => name === 'severity');
    for (const severity of severities) expect(row?.[2]).toContain(severity);
  });

  it('describes every field of the content header, the directory, and enrolment', () => {
    expectFields('### 8.2 Inside the payload', contentHeaderSchema.shape);
    expect(namesIn('## 12. The directory')).toEqual([
      ...Object.keys(directoryResponseSchema.shape),
      ...Object.keys(directoryEntrySchema.shape),
    ]);
    expect(namesIn('## 11. Enrolment')).toEqual([
      ...['endpoint', 'secret', 'ca', 'expires'],
      ...Object.keys(enrolmentRequestSchema.shape),
      ...Object.keys(enrolmentResponseSchema.shape),
    ]);
    const token = {
      endpoint: 'a/b',
      secret: 'S'.repeat(43),
      ca: 'A'.repeat(43),
      expires: '2026-11-24T09:30:00.000Z',
    };
    const written = /`(causeway-token-1\.)`/.exec(sectionOf('## 11. Enrolment'))?.[1] ?? '';
    expect(decodeEnrolmentToken(written + Buffer.from(JSON.stringify(token)).toString('base64url'))).toEqual(
      token,
    );
  });

  it.each(directions)(
    'describes every control frame from the $from with its fields, and no other',
    (direction) => {
      const section = sectionOf(`### From the ${direction.from}`);
      const types = [...section.matchAll(/^#### `([a-z-]+)`$/gm)].map((match) => match[1]);
      expect(types).toEqual(direction.options.map((option) => option.shape.type.value));
      for (const { shape } of direction.options) {
        const fields = Object.keys(shape).filter((name) => name !== 'type');
        expect(namesIn(`#### \`${shape.type.value}\``)).toEqual(fields);
      }
    },
  );

  it.each(directions)(
    'shows an example of every control frame from the $from that the schema takes',
    (direction) => {
      const examples = blocksOf(`json ${direction.from}`);
      const frames = examples.map((example) => direction.parse(example));
      expect(frames.map(({ type }) => type)).toEqual(
        direction.options.map((option) => option.shape.type.value),
      );
      frames.forEach((frame, index) => expect(frame).toEqual(JSON.parse(examples[index]!)));
    },
  );

  it('shows the limits in force in the welcome', () => {
    const welcome = blocksOf('json gateway')
      .map(parseGatewayFrame)
      .find(({ type }) => type === 'welcome');
    expect(welcome).toMatchObject({ limits });
  });

  it('describes every kind of binary frame and of receipt with its number, and no other', () => {
    const frames = rowsOf(sectionOf('## 5. Binary frames')).map(([number, name]) => [name, Number(number)]);
    expect(frames).toEqual(Object.entries(frameKinds));
    const receipts = rowsOf(sectionOf('### 9.1 Layout')).map(([number, name]) => [name, Number(number)]);
    expect(Object.fromEntries(receipts)).toEqual(receiptKinds);
  });

  it('names only error codes that the catalogue has, with their texts', () => {
    const codes = new Set<string>(errorCodes);
    const looksLikeCode =
      /^(?:[a-z]+-)+(?:malformed|invalid|unknown|mismatch|unsupported|expired|conflict|unavailable|unsigned|misdirected|undecryptable|expected|unexpected|exceeded|changed|revoked|required|untrusted|encrypted|unmatched|consumer|sessions)$/;
    const named = [...protocolText.matchAll(/`([a-z-]+)`/g)].map((match) => match[1] ?? '');
    const frames = new Set<string>(
      directions.flatMap(({ options }) => options.map(({ shape }) => shape.type.value)),
    );
    const meant = named.filter((name) => looksLikeCode.test(name) && !frames.has(name));
    expect(meant.length).toBeGreaterThan(20);
    expect(meant.filter((name) => !codes.has(name))).toEqual([]);
    const [problem = ''] = blocksOf('json problem');
    const { code, title, status, type } = JSON.parse(problem) as Record<string, string>;
    expect([type, title, status]).toEqual([
      `urn:causeway:error:${code}`,
      catalogue['request-malformed'].text,
      catalogue['request-malformed'].httpStatus,
    ]);
  });

  it('lists every code that may be tried again, and no other', () => {
    const [, list = ''] =
      /\*\*Retryable codes\*\*([^.]*)\./.exec(sectionOf('## 10. Duplicates and retries')) ?? [];
    const listed = [...list.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code);
    expect(listed).toEqual(errorCodes.filter((code) => catalogue[code].retryable));
  });

  it('is linked from inside and from docs/errors.md to headings that exist', () => {
    const anchors = new Set(
      [...protocolText.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
    const errors = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
    const links = [
      ...protocolText.matchAll(/\]\(#([^)]+)\)/g),
      ...errors.matchAll(/\]\(protocol\.md#([^)]+)\)/g),
    ];
    expect(links.length).toBeGreaterThan(10);
    for (const [, anchor] of links) expect([...anchors]).toContain(anchor);
  });
});
