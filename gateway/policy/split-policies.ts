/** Cuts the text of a `.cedar` file into its policies, keeping where each begins. */

export type PolicyText = {
  /** From the first character that is not white space or comment to the closing `;`. */
  readonly text: string;
  /** UTF-16 offset of the text in its file. */
  readonly offset: number;
};

/**
 * In Cedar a `;` ends a policy unless it stands in a string or a comment, and nothing nests either.
 * The file must already have been found to parse.
 */
export function splitPolicies(source: string): PolicyText[] {
  const policies: PolicyText[] = [];
  const token = /\/\/[^\n]*|"(?:[^"\\]|\\[^])*"|\s+|;|[^]/g;
  let start: number | undefined;
  for (const match of source.matchAll(token)) {
    const [piece] = match;
    const isBlank = piece.startsWith('//') || /^\s/.test(piece);
    if (!isBlank) start ??= match.index;
    if (piece !== ';' || start === undefined) continue;
    policies.push({ text: source.slice(start, match.index + 1), offset: start });
    start = undefined;
  }
  return policies;
}
