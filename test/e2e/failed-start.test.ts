/** Something fails while a gateway starts, after it has begun to listen. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { AuditLog } from '../../gateway/audit/audit-log.ts';
import { Exchange } from './kit/exchange.ts';

let exchange: Exchange;

beforeAll(async () => {
  exchange = await Exchange.open({ isBare: true });
});
afterAll(() => exchange.close());

it('a start that fails leaves nothing that listens, and the store to the next one', async () => {
  const port = Number(new URL(exchange.url).port);
  await exchange.stop();
  const start = vi.spyOn(AuditLog.prototype, 'start').mockImplementationOnce(() => {
    throw new Error('no thread can be started');
  });
  try {
    await expect(exchange.start({ port })).rejects.toThrow('no thread can be started');
  } finally {
    start.mockRestore();
  }
  const other = createServer().listen(port, '0.0.0.0');
  await once(other, 'listening');
  await expect(exchange.start({ port })).rejects.toMatchObject({ code: 'configuration-invalid' });
  other.close();
  await once(other, 'close');
  // Nothing of this was a crash.
  const kinds = (await exchange.records()).map(({ entry: { kind } }) => kind);
  const life = kinds.filter((kind) => kind.startsWith('gateway.'));
  expect(life).toEqual(Array.from({ length: 3 }, () => ['gateway.started', 'gateway.stopped']).flat());
  await exchange.start({ port });
  const { police } = await exchange.enrol('police');
  await (await exchange.connect(police)).leave();
});
