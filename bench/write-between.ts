/** Puts what a bench has measured into a document, between two marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

export type Marks = { readonly begin: string; readonly end: string };

/**
 * Replaces what stands between the marks, set as prettier wants it.
 * @throws RangeError where the marks are missing or stand more than once; the document stays as it was
 */
export async function writeBetween(file: string, { begin, end }: Marks, text: string): Promise<void> {
  const [before = '', rest, ...more] = readFileSync(file, 'utf8').split(begin);
  const [, after, ...further] = rest?.split(end) ?? [];
  if (after === undefined || more.length + further.length > 0)
    throw new RangeError(`${file} lacks its marks`);
  const whole = `${before}${begin}\n\n${text.trim()}\n\n${end}${after}`;
  writeFileSync(file, await format(whole, { ...(await resolveConfig(file)), filepath: file }));
}
