/** JSON that is safe to look at: what would steer a screen is written as an escape. */

/** What JSON itself leaves as it is: DEL, the C1 controls, and the marks that turn the direction of text. */
const steering = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The value as one line of JSON, without a line break. Parsing it gives the same value as without the escapes. */
export function jsonLine(value: unknown): string {
  // Such characters stand only within strings, where an escape means the same.
  return JSON.stringify(value).replace(
    steering,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
