/** Rows in aligned columns. */
import { stripVTControlCharacters } from 'node:util';

const gap = '  ';

/**
 * Lines of a table: every column as wide as its widest cell, the last cell of a row as it comes, also where a row has
 * fewer cells than others. Colours count nothing.
 */
export function layOutTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))));
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell + ' '.repeat(Math.max((widths[index] ?? 0) - widthOf(cell), 0)))
      .join(gap)
      .trimEnd(),
  );
}

function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}

/** Text broken into lines of at most `columns` characters, at spaces where there are any. */
export function wrapText(text: string, columns: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    return [...lines, line];
  });
}
