import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../terminal/exit-codes.ts';
import { catalogue, errorCodes, type ErrorCode } from '../../protocol/errors.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const markdown = read('docs/errors.md');

/** Rows of the tables: code, HTTP status, close code, retry, meaning, what to do. */
const rows = [...markdown.matchAll(/^\| `([a-z-]+)`.*\|$/gm)].map(([line]) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim()),
);

/** Headings and codes in the order of the text. */
function outline(text: string, heading: RegExp, code: RegExp): string[] {
  return text.split('\n').flatMap((line) => {
    const [, title] = heading.exec(line) ?? [];
    if (title !== undefined) return [`# ${title}`];
    const [, name] = code.exec(line) ?? [];
    return name === undefined ? [] : [name];
  });
}

describe('docs/errors.md', () => {
  it('lists every code once, under the headings and in the order of the code', () => {
    const [, source = ''] =
      /export const catalogue = \{(.*)\} as const/s.exec(read('protocol/error-catalogue.ts')) ?? [];
    const inCode = outline(source, /^ {2}\/\/ ([A-Z][a-z ]+)/, /^ {2}'?([a-z-]+)'?: entry\(/);
    const told = outline(markdown, /^## (.+)$/, /^\| `([a-z-]+)` /);
    expect(told).toEqual([...inCode, '# Exit codes of the commands']);
    expect(rows.map(([code]) => code)).toEqual(errorCodes.map((code) => `\`${code}\``));
  });

  it.each(errorCodes)('says of %s what the code says, and what to do', (code: ErrorCode) => {
    const { httpStatus, closeCode, retryable, text } = catalogue[code];
    const row = rows.find(([name]) => name === `\`${code}\``);
    expect(row?.slice(1, 5)).toEqual([
      `${httpStatus}`,
      `${closeCode ?? '–'}`,
      retryable ? 'yes' : 'no',
      text,
    ]);
    expect(row?.[5]).toMatch(/^[A-Z].{4,}\.$/);
    expect(row).toHaveLength(6);
  });

  it('explains every exit code of a command', () => {
    const explained = [...markdown.matchAll(/^\| (\d+) +\| [A-Z].+\. +\|$/gm)].map(([, code]) =>
      Number(code),
    );
    expect(explained).toEqual(Object.values(exitCodes));
  });
});
