/** Failures as people and as scripts read them. */
import { isCausewayError, type CausewayError, type ErrorCode, type Problem } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import { adviceAfter } from './advice.ts';
import { AdvisedError } from './advised-error.ts';
import { showable, showableLine, type Paint } from './paint.ts';

const maxShown = 30;
const maxWordCharacters = 1_000;
const maxCharacters = 4_000;

/** A readable block: what went wrong, where, what to do next. Never a stack trace. */
export function describeFailure(error: unknown, paint: Paint): string[] {
  if (!isCausewayError(error)) {
    return [
      `${paint.bad('error')}  Something failed that Causeway did not expect: ${nameOf(error)}.`,
      paint.dim('       Run the command again with CAUSEWAY_DEBUG=1 to see where.'),
    ];
  }
  const headline = error.problems.length > 0 ? introduction(error) : wordsOf(error);
  const lines = [`${paint.bad('error')}  ${showable(headline).replaceAll('\n', '\n       ')}`];
  for (const problem of error.problems.slice(0, maxShown)) {
    lines.push(`       ${paint.strong(showableLine(placeOf(problem)))}: ${showableLine(problem.message)}`);
  }
  if (error.problems.length > maxShown) lines.push(`       and ${error.problems.length - maxShown} more`);
  const next = adviceAfter(error);
  if (next !== undefined) lines.push(`${paint.accent('next')}   ${next}`);
  if (error.code !== 'usage-invalid') lines.push(paint.dim(`code   ${error.code}`));
  return lines;
}

/** Words for people, where the catalogue speaks to programs that read the protocol. */
const plainWords: Partial<Record<ErrorCode, string>> = {
  'frame-too-large': `The notice is too large: at most ${limits.maxFrameBytes} bytes with everything in it.`,
  'envelope-too-large': `The notice has too many recipients: its address part is limited to ${limits.maxEnvelopeBytes} bytes.`,
  'payload-too-large': 'The content is too large.',
  'request-malformed': 'That cannot be used.',
  'not-found': 'There is no such thing.',
  aborted: 'Interrupted before its end.',
};

/** Wrong usage needs no sentence that says so. */
function wordsOf({ code, detail, message }: CausewayError): string {
  if (code === 'usage-invalid' && detail !== undefined) return shorten(detail);
  const plain = plainWords[code];
  return shorten(
    plain === undefined ? message : [plain, detail].filter((part) => part !== undefined).join(' '),
  );
}

/** What was handed in may be of any length; it is known by its ends. */
function shorten(text: string): string {
  const words = text.replace(/\S+/g, (word) => cutMiddle(word, maxWordCharacters));
  return cutMiddle(words, maxCharacters);
}

function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = Math.floor(most / 4);
  return `${text.slice(0, kept)} […] ${text.slice(-kept)}`;
}

/** Without the part of the detail that the list of problems repeats. */
function introduction({ meaning, detail = '', problems }: CausewayError): string {
  const [first = ''] = detail.split('\n');
  const repeats = problems.some(({ message }) => first.includes(message));
  return first === '' || repeats ? meaning.text : shorten(`${meaning.text} ${first}`);
}

/** The same as one JSON object. */
export function failureObject(error: unknown): Record<string, unknown> {
  if (!isCausewayError(error)) {
    return { type: 'error', code: 'internal-error', text: `Unexpected: ${nameOf(error)}.`, retryable: false };
  }
  const { code, meaning, problems } = error;
  const next = adviceAfter(error);
  return {
    type: 'error',
    code,
    text: code === 'usage-invalid' ? shorten(error.message) : wordsOf(error),
    retryable: meaning.retryable,
    ...(problems.length === 0 ? {} : { problems }),
    ...(next === undefined ? {} : { next }),
    ...(error instanceof AdvisedError ? error.fields : {}),
  };
}

/** `file:line:column`, or a JSON Pointer; the empty pointer is the whole document. */
export function placeOf({ at, line, column }: Problem): string {
  if (at === '') return '(the whole)';
  return [at, line, column].filter((part) => part !== undefined).join(':');
}

/** The kind of an unexpected error; its words may quote what nobody should read in a log. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} (${code})` : error.name;
}
