import { Writer, type TestEndpoint, type TestMessage } from './endpoint.ts';
import type { Exchange } from './exchange.ts';

/** Sends a notice that its recipient stores: a case of its own. Both sessions end with it. */
export async function exchangeNotice(
  exchange: Exchange,
  sender: TestEndpoint,
  recipient: TestEndpoint,
): Promise<TestMessage> {
  const writer = await Writer.open(sender, [recipient]);
  const sending = await exchange.connect(sender);
  const receiving = await exchange.connect(recipient, { credit: 10 });
  const message = writer.message();
  await sending.accepted(message);
  await receiving.store(await receiving.arrival(message));
  await sending.receipt(message, 'stored', recipient);
  await Promise.all([sending.leave(), receiving.leave()]);
  return message;
}
