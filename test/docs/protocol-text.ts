/** Reads `docs/protocol.md`: its sections, tables and fenced blocks. */
import { readFileSync } from 'node:fs';

export const protocolText = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** The text under a heading, up to the next heading of the same or a higher level. */
export function sectionOf(heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const lines = protocolText.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`no heading ${heading}`);
  let isCode = false;
  const end = lines.findIndex((line, index) => {
    if (line.startsWith('```')) isCode = !isCode;
    const hashes = /^#+(?= )/.exec(line)?.[0].length ?? 0;
    return index > start && !isCode && hashes > 0 && hashes <= level;
  });
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n');
}

/** The rows of a section's tables as cells, without headings and rulers; code marks are removed. */
export function rowsOf(section: string): string[][] {
  return section
    .split('\n')
    .filter(
      (line, index, lines) =>
        line.startsWith('|') && !line.startsWith('| -') && !(lines[index + 1] ?? '').startsWith('| -'),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

/** The fenced blocks with this info string, such as `json client`. */
export function blocksOf(info: string): string[] {
  return [...protocolText.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === info)
    .map((match) => match[2] ?? '');
}

/** The only block with this info string. */
export function blockOf(info: string): string {
  const [block, ...more] = blocksOf(info);
  if (block === undefined || more.length > 0) throw new Error(`not one block ${info}`);
  return block;
}

/** `name = value` lines. */
export function valuesOf(info: string): Record<string, string> {
  const lines = blockOf(info).matchAll(/^(.+?) += (.+)$/gm);
  return Object.fromEntries(Array.from(lines, (match): [string, string] => [match[1] ?? '', match[2] ?? '']));
}

/** The bytes of a dump: `offset  16 bytes  note`. Offsets must be right. */
export function dumpOf(info: string): Buffer {
  const bytes: number[] = [];
  for (const line of blockOf(info).trimEnd().split('\n')) {
    const match = /^([0-9a-f]{4}) {2}((?:[0-9a-f]{2} ){0,15}[0-9a-f]{2})(?: {2}| *$)/.exec(line);
    if (match === null || Number.parseInt(match[1] ?? '', 16) !== bytes.length)
      throw new Error(`not a dump: ${line}`);
    bytes.push(...(match[2] ?? '').split(' ').map((byte) => Number.parseInt(byte, 16)));
  }
  return Buffer.from(bytes);
}
