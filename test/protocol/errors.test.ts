import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue, CausewayError, errorCodes, isCausewayError } from '../../protocol/errors.ts';

const source = readFileSync(new URL('../../protocol/error-catalogue.ts', import.meta.url), 'utf8');

/** Close codes that an application may send: RFC 6455, section 7.4, and the private range. */
const sendable = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011]);

describe('The error catalogue', () => {
  it('writes every code once', () => {
    const written = [...source.matchAll(/^ {2}(?:'([a-z-]+)'|([a-z]+)): entry\(/gm)].map(
      (match) => match[1] ?? match[2],
    );
    expect(written).toEqual(errorCodes);
    expect(new Set(written).size).toBe(written.length);
  });

  it.each(errorCodes)('describes %s in a form that machines and people can use', (code) => {
    const { httpStatus, closeCode, retryable, text } = catalogue[code];
    expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    expect(httpStatus).toBeGreaterThanOrEqual(400);
    expect(httpStatus).toBeLessThan(600);
    expect(typeof retryable).toBe('boolean');
    expect(text).toMatch(/^[A-Z].{10,118}\.$/);
    if (closeCode !== null && !(closeCode >= 4000 && closeCode <= 4999))
      expect(sendable).toContain(closeCode);
  });

  it('gives different texts to different codes', () => {
    expect(new Set(errorCodes.map((code) => catalogue[code].text)).size).toBe(errorCodes.length);
  });
});

describe('A CausewayError', () => {
  it('says what the catalogue says, then the detail, and keeps its cause', () => {
    const cause = new Error('cause');
    const error = new CausewayError('clock-skew', { detail: 'By an hour.', cause });
    expect(error.message).toBe(`${catalogue['clock-skew'].text} By an hour.`);
    expect(error.cause).toBe(cause);
    expect(error.meaning).toBe(catalogue['clock-skew']);
    const plain = new CausewayError('aborted');
    expect(plain.message).toBe(catalogue.aborted.text);
    expect('cause' in plain).toBe(false);
    expect(plain.problems).toEqual([]);
  });

  it('is told from other errors, and from other codes', () => {
    expect(isCausewayError(new CausewayError('aborted'))).toBe(true);
    expect(isCausewayError(new CausewayError('aborted'), 'aborted')).toBe(true);
    expect(isCausewayError(new CausewayError('aborted'), 'draining')).toBe(false);
    expect(isCausewayError(new Error('aborted'))).toBe(false);
  });
});
