/** Options and files as a command takes them, checked where they come in. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import { CausewayError } from '../protocol/errors.ts';
import { fileReason } from '../files/file-trouble.ts';
import { positionAt } from '../files/source-position.ts';
import { endpointAddressSchema } from '../protocol/ids.ts';
import { findRepeatedName } from '../protocol/wire/repeated-name.ts';
import { decodeInput } from './utf8-text.ts';

/** An option's parser for a whole number within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A port: 0 lets the system choose. */
export const portNumber = wholeNumber(0, 65_535);

const hostNamePattern =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

/**
 * An address to listen on, or a name of this machine. An empty one, such as that of an unset variable, would mean every
 * address of the machine; a name that ends in a number is an address with a slip in it.
 */
export function listenAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  if (hostNamePattern.test(text) && !/(^|\.)\d+$/.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be an address such as 127.0.0.1, or 0.0.0.0 for all of this machine.',
  );
}

const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: dayMs };

/** A time span such as `45m`, `24h` or `7d`, in ms. */
export function durationMs(text: string): number {
  const span = readSpan(text);
  if (span !== undefined && span > 0) return span;
  throw new InvalidArgumentError('It must be a time span such as 45m, 24h or 7d.');
}

function readSpan(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (unitMs[unit] ?? 0);
}

/**
 * Reads `2026-11-23`, `2026-11-23T09:30`, with seconds and a zone where wanted (UTC otherwise), or a span before now
 * such as `24h` or `7d`.
 * @param end true for the end of a period: a day then counts whole
 * @returns ms since 1970; undefined when the text is no time
 */
export function parseMoment(text: string, now: number, end = false): number | undefined {
  const span = readSpan(text);
  if (span !== undefined) return now - span;
  const [, day, time, zone = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text) ??
    [];
  if (day === undefined) return undefined;
  const at = Date.parse(time === undefined ? `${day}T00:00Z` : `${day}T${time}${zone}`);
  if (Number.isNaN(at)) return undefined;
  // Date.parse takes the 31st of April for the first of May.
  const isReal = new Date(`${day}T00:00Z`).toISOString().startsWith(day);
  if (!isReal) return undefined;
  return time === undefined && end ? at + dayMs : at;
}

/** A parser for a single value by its schema. */
export function matching<S extends z.ZodType>(schema: S): (text: string) => z.output<S> {
  return (text) => {
    const result = schema.safeParse(text);
    if (result.success) return result.data;
    throw new InvalidArgumentError(`It ${result.error.issues[0]?.message ?? 'is not valid'}.`);
  };
}

/** A parser for an option that may be given several times, or once with several values. */
export function listOf<S extends z.ZodType>(
  schema: S,
): (text: string, before: z.output<S>[] | undefined) => z.output<S>[] {
  const parse = matching(schema);
  return (text, before = []) => [...before, parse(text)];
}

/** A parser for a line of words for people, such as a reason: no empty one, no line breaks, none that plays with the screen. */
export function plainText(maxCharacters: number): (text: string) => string {
  return (text) => {
    const words = text.trim();
    if (words === '') throw new InvalidArgumentError('It must say something.');
    if (words.length > maxCharacters)
      throw new InvalidArgumentError(`It must have at most ${maxCharacters} characters.`);
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(words))
      throw new InvalidArgumentError('It must be one line without control characters.');
    return words;
  };
}

/** `agency/endpoint`. */
export const endpointAddress = matching(endpointAddressSchema);

/** Wrong usage that the command line's grammar cannot express. */
export function usageError(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('usage-invalid', { detail, ...(cause === undefined ? {} : { cause }) });
}

/**
 * The bytes of a file, or of stdin for `-`; at most `maxBytes`.
 * @throws CausewayError `usage-invalid` when it cannot be read, `payload-too-large`
 */
export async function readInput(
  path: string,
  stdin: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Buffer> {
  if (path === '-') return readStream(stdin, 'stdin', maxBytes);
  if (path === '') throw usageError('The path of a file is empty.');
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw tooLarge(path, maxBytes);
    // What a device or a pipe will give, its size does not say.
    return await readStream(createReadStream(path), path, maxBytes);
  } catch (error) {
    if (error instanceof CausewayError) throw error;
    throw usageError(
      `${path} cannot be read${fileReason(error, { ENOENT: 'there is no such file' })}.`,
      error,
    );
  }
}

async function readStream(stream: AsyncIterable<Buffer>, name: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(name, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * JSON from a file or stdin. A name that stands twice in one object is refused: one of the two values would be lost, and
 * nobody would hear of it.
 * @throws CausewayError `usage-invalid`
 */
export function parseJsonInput(name: string, bytes: Buffer): unknown {
  const text = decodeInput(name, bytes);
  const what = name === '-' ? 'stdin' : name;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The engine's own words quote the text, which may be about a child: only the place is told.
    const offset = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    throw usageError(`${what} is not valid JSON (${placeIn(text, Number(offset ?? text.length))}).`);
  }
  const repeated = findRepeatedName(text);
  if (repeated === undefined) return value;
  throw usageError(`${what} names a field twice in one group, here again: ${placeIn(text, repeated)}.`);
}

function placeIn(text: string, offset: number): string {
  const { line, column } = positionAt(text, offset);
  return `line ${line}, column ${column}`;
}

function tooLarge(name: string, maxBytes: number): CausewayError {
  return new CausewayError('payload-too-large', {
    detail: `${name} has more than the ${maxBytes} bytes that are taken.`,
  });
}
