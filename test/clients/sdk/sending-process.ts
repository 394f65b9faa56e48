/** A process that writes many messages down and prints the id of each; a test kills it in the middle. */
import { connect } from '../../../clients/sdk/client.ts';
import { concern } from './exchange.ts';

const [, , home = '', to = '', count = '0'] = process.argv;
const client = await connect({ home });
await client.directory.trustAll();
for (let number = 0; number < Number(count); number++) {
  const id = await client.enqueue(concern(`message ${number}`, to));
  process.stdout.write(`${id}\n`);
}
setInterval(() => undefined, 1_000);
