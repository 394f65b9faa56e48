/** Received notices as people and as scripts read them. */
import { isUtf8 } from 'node:buffer';
import { showable, showableLine } from '../../terminal/paint.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { ClientEvents } from '../sdk/events.ts';
import type { Notice } from '../sdk/notice.ts';

/** True where the content can be shown on a screen as it is. */
export function isReadable(notice: Pick<Notice, 'mediaType' | 'bytes'>): boolean {
  const { mediaType, bytes } = notice;
  return /^(?:text\/(?:plain|markdown|csv)|application\/json)\b/.test(mediaType) && isUtf8(bytes);
}

/** What surrounds the content: everything but the content itself. */
export function describeNotice(notice: Notice): Record<string, unknown> {
  const { id, from, category, severity, purpose, basis, time, expires, thread, inReplyTo, dataschema } =
    notice;
  return {
    type: 'notice',
    id,
    from,
    to: notice.envelope.to,
    category,
    severity,
    purpose,
    basis,
    time: time.toISOString(),
    expires: expires.toISOString(),
    thread,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(dataschema === undefined ? {} : { dataschema }),
    mediaType: notice.mediaType,
    ...(notice.name === undefined ? {} : { name: notice.name }),
  };
}

/** The content in the form that suits it: a document, a text, or base64. */
export function contentValue(notice: Notice): Record<string, unknown> {
  if (notice.dataschema !== undefined) return { content: notice.json() };
  if (isReadable(notice)) return { text: notice.text() };
  return { base64: Buffer.from(notice.bytes).toString('base64') };
}

/** One line: when, how grave, what, from whom. */
export function noticeLine(notice: Notice, { paint }: Terminal): string {
  const { severity, category, from, id, dataschema, name, mediaType, bytes, inReplyTo } = notice;
  const grave = severity === 'immediate' ? paint.bad : severity === 'urgent' ? paint.warn : paint.accent;
  const kind = mediaType.startsWith('text/plain') ? 'text' : mediaType;
  const what = dataschema === undefined ? (name ?? kind) : dataschema.split(':').slice(3).join('/');
  return [
    paint.dim(timeText(notice.time)),
    grave(severity.padEnd(9)),
    paint.strong(category),
    `from ${from}`,
    paint.dim(`${showableLine(what)}, ${sizeOf(bytes.byteLength)}`),
    ...(inReplyTo === undefined ? [] : [paint.dim(`re ${inReplyTo}`)]),
    paint.dim(id),
  ].join('  ');
}

/** Of a notice that could not be taken: its sender knows it by its id. */
export function refusedLine({ id, from, error }: ClientEvents['refusedNotice']): string {
  return `Refused the notice ${id} of ${from ?? 'somebody'}: ${error.code}.`;
}

/** The content below its line, indented. */
export function contentLines(notice: Notice): string[] {
  const text = notice.dataschema === undefined ? notice.text() : JSON.stringify(notice.json(), null, 2);
  return showable(text)
    .split('\n')
    .map((line) => `    ${line}`);
}

/** `2.1 KiB`. */
export function sizeOf(bytes: number): string {
  return bytes < 1_024 ? `${bytes} B` : `${(bytes / 1_024).toFixed(1)} KiB`;
}
