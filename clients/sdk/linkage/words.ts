/** Names as they are compared: lower-case letters without marks, in words. */

/** Letters that have no decomposition and are written with two, or with another, where they are not at hand. */
const spelledOut: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ð: 'd',
  þ: 'th',
  đ: 'd',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŋ: 'ng',
};

/**
 * The words of a name: NFKD, marks stripped, lower case; hyphens and dashes of any kind part words within a group,
 * white space parts groups, apostrophes and full stops fall away, and so does all else that is not a letter.
 */
export function readWords(text: string): string[][] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[ßæœøðþđłħıŋ]/gu, (letter) => spelledOut[letter] ?? letter)
    .replace(/[\p{Pd}\u2212/+&,]/gu, '-');
  return plain
    .split(/\s+/u)
    .map((group) =>
      group
        .split('-')
        .map((word) => word.replace(/[^\p{L}]/gu, ''))
        .filter((word) => word !== ''),
    )
    .filter((group) => group.length > 0);
}
