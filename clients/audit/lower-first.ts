/** A sentence's beginning in small, for where it goes on from another. */
export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
