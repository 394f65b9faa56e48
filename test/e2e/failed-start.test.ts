/** Something fails while a gateway starts, after it has begun to listen. */
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
  await exchange.start({ port });
  const { police } = await exchange.enrol('police');
  await (await exchange.connect(police)).leave();
});
