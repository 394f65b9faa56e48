import { expect, test } from 'vitest';
import { silentLog } from '../../../clients/sdk/logger.ts';
import { errorFrame } from '../../../protocol/wire/control.ts';
import { CausewayError, type ErrorCode } from '../../../protocol/errors.ts';
import { decodeReceiptFrame, decodeReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { concern, take } from './exchange.ts';
import { gatewayForEachTest } from './gateway-for-each-test.ts';
import { alice, bob, type ScriptedGateway } from './scripted-gateway.ts';

let gateway: ScriptedGateway;

gatewayForEachTest((opened) => (gateway = opened));

const idsOf = (frame: Buffer): string[] =>
  decodeReceiptGroup(decodeReceiptFrame(frame).group).receipts.map(({ message }) => message);

test('what a refused receipt shared its frame with is told at once by itself, and what may be right later in the next session', async () => {
  gateway.onReceipts = () => undefined;
  const sender = await gateway.client(alice);
  const recipient = await gateway.client(bob);
  const ids: string[] = [];
  for (const text of ['unmatched', 'invalid', 'good']) ids.push((await sender.send(concern(text, bob))).id);
  const first = await gateway.session(bob);
  first.deliver(...(await gateway.session(alice)).units);
  await take(recipient, 3);
  await recipient.close();

  const faults: [string | undefined, ErrorCode][] = [
    [ids[0], 'receipt-unmatched'],
    [ids[1], 'receipt-invalid'],
  ];
  gateway.onReceipts = (session, frames) => {
    const told = idsOf(session.frames.at(-1)!);
    const fault = faults.find(([id]) => told.some((one) => one === id));
    if (fault !== undefined)
      session.control(
        errorFrame(
          new CausewayError(fault[1], { detail: `As\u001b[2J\n\tscripted.${'!'.repeat(600)}` }),
          false,
        ),
      );
    session.control({ type: 'receipts-taken', frames });
  };
  const reasons: unknown[][] = [];
  const log = { ...silentLog, warn: (...line: unknown[]) => reasons.push(line) };
  const framesOfNext = async (): Promise<string[][]> => {
    await using next = await gateway.client(bob, { log });
    await next.drain({ timeoutMs: 5_000 });
    return gateway.sessions.at(-1)!.frames.map(idsOf);
  };
  expect(await framesOfNext()).toEqual([ids, [ids[0]], [ids[1]], [ids[2]]]);
  expect(reasons).toHaveLength(3);
  const detail = `As\ufffd[2J   scripted.${'!'.repeat(600)}`.slice(0, 500);
  expect(reasons[0]).toEqual([{ code: 'receipt-unmatched', detail }, 'the gateway reported an error']);
  expect(await framesOfNext()).toEqual([[ids[1]]]);
  faults.length = 0;
  expect(await framesOfNext()).toEqual([[ids[1]]]);
  expect(await framesOfNext()).toEqual([]);
});
