import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { noticeLine, refusedLine } from '../../clients/cli/notice-text.ts';
import type { Notice } from '../../clients/sdk/notice.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { messageIdSchema } from '../../protocol/ids.ts';
import { createTerminal } from '../../terminal/terminal.ts';

const stream = new PassThrough();
const terminal = createTerminal({ stdout: stream, stderr: stream, env: {}, json: false });
const id = messageIdSchema.parse('01890a5d-ac96-774b-bcce-b302099a8057');
const from = 'strathclyde-police/duty' as Notice['from'];

it.each([
  [{ mediaType: 'text/plain; charset=utf-8' }, 'text, 16 B'],
  [{ mediaType: 'image/svg+xml' }, 'image/svg+xml, 16 B'],
  [{ mediaType: 'image/svg+xml', name: 'map.svg' }, 'map.svg, 16 B'],
  [
    { mediaType: 'application/json', dataschema: 'urn:causeway:dataset:concern-report:1.0' },
    'concern-report/1.0, 16 B',
  ],
])('a notice of %j is told as what it is', (kind, words) => {
  const notice = { ...kind, id, from, severity: 'info', category: 'concern', time: new Date(0) };
  expect(noticeLine({ ...notice, bytes: Buffer.alloc(16) } as unknown as Notice, terminal)).toContain(
    `  ${words}  `,
  );
});

it('a notice that was refused is told by its id', () => {
  const error = new CausewayError('payload-undecryptable');
  expect(refusedLine({ id, from, error })).toBe(
    `Refused the notice ${id} of ${from}: payload-undecryptable.`,
  );
});
