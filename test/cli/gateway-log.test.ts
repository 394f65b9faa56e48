import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createGatewayLog } from '../../gateway/cli/gateway-log.ts';
import { CausewayError } from '../../protocol/errors.ts';
import { createTerminal } from '../../terminal/terminal.ts';

it('a failure in the log says what kind of error was behind it, and nothing of its words', () => {
  const stdout = new PassThrough();
  const terminal = createTerminal({ stdout, stderr: new PassThrough(), env: {}, json: true });
  const cause = new RangeError('Morven');
  createGatewayLog(terminal, 'info').error(
    { err: new CausewayError('store-unavailable', { cause }) },
    'failure',
  );
  const line = String(stdout.read());
  expect(JSON.parse(line)).toMatchObject({ err: { code: 'store-unavailable', cause: 'RangeError' } });
  expect(line).not.toContain('Morven');
});
