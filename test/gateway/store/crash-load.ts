/**
 * A process under load, to be killed: submits, marks and settles without end, and prints a line for everything
 * that was acknowledged. Arguments: file, PEM of the receipt key in base64, number of the first message.
 */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../gateway/store/sqlite/sqlite-store.ts';
import {
  acceptable,
  largerUnitOf,
  auditKey,
  health,
  police,
  school,
  settlementOf,
} from './synthetic-messages.ts';

const [file = '', pem = '', from = '0'] = process.argv.slice(2);
const store = await openSqliteStore({
  file,
  receiptKeyPem: Buffer.from(pem, 'base64').toString(),
  auditKey,
});
const expiresAt = Date.now() + 3600_000;
const recipients = [
  { endpoint: health, listening: true },
  { endpoint: school, listening: false },
];
let next = Number(from);

/** Lines must be out before the next step: a buffered one would be lost with the process. */
const print = (line: string): unknown => writeSync(1, `${line}\n`);

async function work(): Promise<never> {
  for (;;) {
    const first = next;
    next += 5;
    const messages = Array.from({ length: 5 }, (_, index) =>
      acceptable(first + index, { recipients, expiresAt, unit: largerUnitOf(first + index) }),
    );
    const { outcomes } = await store.submit({ source: police, messages });
    const deliveries = outcomes.flatMap((outcome) =>
      outcome.outcome === 'accepted' ? [outcome.deliveries[0]!] : [],
    );
    if (deliveries.length !== 5) throw new Error('a new message was not accepted');
    print(`accepted ${first}`);
    const marking = store.markDelivered(deliveries);
    await store.settle(settlementOf(messages.slice(0, 3), health, 'stored', deliveries));
    print(`stored ${first}`);
    await marking;
    print(`delivered ${first}`);
  }
}

print('ready');
await Promise.all([work(), work(), work(), work()]);
