/** Text from elsewhere, made safe for a screen and for a line of a log. */

/** Escape sequences, other control characters, and the marks that turn the direction of text. */
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text from elsewhere made safe for a screen: control characters become a replacement mark, so that a message
 * can neither move the cursor nor pretend to be a line of ours. Line breaks stay, tabs become spaces.
 */
export function showable(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\t', '  ').replace(unsafe, '\ufffd');
}

/** {@link showable}, on one line. */
export function showableLine(text: string): string {
  return showable(text).replaceAll('\n', ' ');
}
